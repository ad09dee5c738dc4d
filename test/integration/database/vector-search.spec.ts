import { sql } from 'drizzle-orm';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import type { Database } from '../../../src/modules/database/index.js';
import { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import { VectorsRepository } from '../../../src/modules/documents/database/vectors.repository.js';
import { seededRandom } from '../../support/seeded-random.js';
import { type DatabaseUnderTest, DATABASES } from './databases.js';

const DIMENSIONS = 96;
const DOCUMENTS = 60;
const MODEL = 'random';

function documentsMigrations(): MigrationRegistry {
  const migrations = new MigrationRegistry();
  migrations.register({
    feature: 'documents',
    folder: new URL('../../../src/modules/documents/database/migrations/', import.meta.url),
  });
  return migrations;
}

/** A direction at random, of length 1, as precise as the database keeps it. */
function direction(random: () => number): number[] {
  const vector = Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => Math.fround(value / length));
}

describe.each(DATABASES)('search by meaning on %s', (name, start) => {
  const random = seededRandom(7);
  const query = direction(random);
  const vectorOf = new Map<string, number[]>();
  let databases: DatabaseUnderTest;
  let database: Database;

  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    ({ database } = connection);
    const documents = new DocumentsRepository(database);
    for (let i = 0; i < DOCUMENTS; i++) {
      const { id } = await documents.create({ title: `${i}`, body: 'b', author: 'a', topic: 't', labels: [] });
      vectorOf.set(id, direction(random));
    }
    const rows = [...vectorOf].map(([documentId, vector]) => ({ documentId, version: 1, vector }));
    await new VectorsRepository(database).save(MODEL, rows);
  }, 60_000);
  afterAll(() => databases.stop());

  /** By the definition of the cosine, of vectors of length 1. */
  const expected = () =>
    [...vectorOf]
      .map(([id, vector]) => ({ id, score: vector.reduce((sum, value, i) => sum + value * query[i]!, 0) }))
      .toSorted((a, b) => b.score - a.score);

  async function expectExact(vectors: VectorsRepository): Promise<void> {
    const found = await vectors.findNearest(MODEL, query, DOCUMENTS);
    expect(found.map(({ id }) => id)).toEqual(expected().map(({ id }) => id));
    for (const [i, { score }] of expected().entries()) expect(found[i]!.score).toBeCloseTo(score, 5);
  }

  it('is exact, with pgvector where it is installed and without it', async () => {
    const withWhatIsThere = new VectorsRepository(database);
    await expectExact(withWhatIsThere);
    const { rows } = await database.execute(sql`select 1 from pg_extension where extname = 'vector'`);
    // The embedded database brings pgvector, so that this suite always runs both ways.
    if (name === 'PGlite') expect(rows).toHaveLength(1);
    if (rows.length > 0) {
      await database.execute(sql`drop extension vector`);
      await expect(withWhatIsThere.findNearest(MODEL, query, 1)).rejects.toThrow();
    }
    await expectExact(new VectorsRepository(database));
  });
});
