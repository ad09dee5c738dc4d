import { sql } from 'drizzle-orm';
import type { VectorSpace } from '../../../src/modules/documents/database/vector-spaces.repository.js';
import { seededRandom } from '../../support/seeded-random.js';
import { type DatabaseUnderTest, DATABASES, startEmbedded } from './databases.js';
import { documentsMigrations, DocumentTables } from './document-tables.js';

const DIMENSIONS = 96;
const DOCUMENTS = 1_200;
const TOPICS = 20;

/** Vectors of unit length as texts have them: some topics, and texts around each. As precise as the database keeps them. */
function vectorsOfTexts(random: () => number): () => number[] {
  const spread = (length: number) => Array.from({ length: DIMENSIONS }, () => (random() - 0.5) * length);
  const topics = Array.from({ length: TOPICS }, () => spread(1));
  return () => {
    const topic = topics[Math.floor(random() * TOPICS)]!;
    const vector = spread(0.8).map((number, i) => number + topic[i]!);
    return vector.map((number) => Math.fround(number / Math.hypot(...vector)));
  };
}

const APART = 'PGlite whose pgvector is in a schema of its own';

describe.each([...DATABASES, [APART, startEmbedded] as const])('search by meaning on %s', (name, start) => {
  const vector = vectorsOfTexts(seededRandom(7));
  const vectors = new Map<string, number[]>();
  let databases: DatabaseUnderTest;
  let tables: DocumentTables;
  let space: VectorSpace;

  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    tables = new DocumentTables(connection);
    if (name === APART) await moveApart(tables);
    for (const id of await tables.createMany(DOCUMENTS)) vectors.set(id, vector());
    const lease = await tables.leaseFilled('m', DIMENSIONS);
    ({ space } = lease);
    await tables.index.ensure(space);
    await tables.saveVectors(lease, (id) => vectors.get(id)!);
    await tables.database.execute(sql`analyze document_vectors`);
  });
  afterAll(() => databases.stop());

  async function moveApart({ database }: DocumentTables): Promise<void> {
    await database.execute(sql`create schema extensions`);
    await database.execute(sql`alter extension vector set schema extensions`);
    const { rows } = await database.execute<{ type: string | null }>(sql`select to_regtype('vector')::text as type`);
    // It is not found by its plain name.
    expect(rows).toEqual([{ type: null }]);
  }

  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, number, i) => sum + number * b[i]!, 0);

  /** By the definition of the cosine, of vectors of length 1. */
  const nearest = (query: readonly number[]) =>
    [...vectors]
      .map(([id, one]) => ({ id, score: product(one, query) }))
      .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));

  async function expectExact(): Promise<void> {
    const fresh = new DocumentTables(tables);
    for (const limit of [1, 10, 50]) {
      const query = vector();
      const found = await fresh.vectors.findNearest(space, query, limit);
      const expected = nearest(query).slice(0, limit);
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      for (const [i, { score }] of expected.entries()) expect(found[i]!.score).toBeCloseTo(score, 5);
    }
  }

  it('gives the order of a comparison with every vector, with the index of pgvector and without it', async () => {
    // The embedded database brings pgvector, so that this suite always runs both ways.
    const hasIndex = await tables.index.has(space);
    if (name !== 'PostgreSQL') expect(hasIndex).toBe(true);
    await expectExact();
    if (hasIndex) await tables.database.execute(sql`drop extension vector cascade`);
    expect(await new DocumentTables(tables).index.has(space)).toBe(false);
    await expectExact();
  });

  it('finds all documents where as many are asked for', async () => {
    const found = await new DocumentTables(tables).vectors.findNearest(space, vector(), DOCUMENTS + 1);
    expect(new Set(found.map(({ id }) => id)).size).toBe(DOCUMENTS);
  });

  it('finds nothing in a space of another width or model', async () => {
    for (const other of [await tables.spaces.findOrCreate('m', 2), await tables.spaces.findOrCreate('n', DIMENSIONS)])
      expect(await tables.vectors.findNearest(other, Array(other.dimensions).fill(0.5), 5)).toEqual([]);
  });
});
