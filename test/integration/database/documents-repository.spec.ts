import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import { VectorsRepository } from '../../../src/modules/documents/database/vectors.repository.js';
import type { Document } from '../../../src/modules/documents/documents.schemas.js';
import { type DatabaseUnderTest, DATABASES } from './databases.js';

function documentsMigrations(): MigrationRegistry {
  const migrations = new MigrationRegistry();
  migrations.register({
    feature: 'documents',
    folder: new URL('../../../src/modules/documents/database/migrations/', import.meta.url),
  });
  return migrations;
}

describe.each(DATABASES)('documents on %s', (_name, start) => {
  let databases: DatabaseUnderTest;
  let documents: DocumentsRepository;
  let vectors: VectorsRepository;

  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    documents = new DocumentsRepository(connection.database);
    vectors = new VectorsRepository(connection.database);
  }, 60_000);
  afterAll(() => databases.stop());

  const create = (title: string, author = 'ann', topic = 'tea', labels: string[] = []) =>
    documents.create({ title, body: `About ${title}.`, author, topic, labels });

  it('pages through a filtered list without skipping or repeating, while others write', async () => {
    const created: Document[] = [];
    for (let i = 0; i < 7; i++) created.push(await create(`page ${i}`, 'pager', 'paging', i % 2 ? ['odd'] : []));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await documents.findPage({ author: 'pager', limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
      await create('newer', 'pager', 'interrupting');
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(created.map(({ title }) => title));

    const odd = await documents.findPage({ topic: 'paging', label: 'odd', limit: 100 });
    expect(odd.items.map(({ title }) => title).toSorted()).toEqual(['page 1', 'page 3', 'page 5']);
    expect(odd.items[0]).not.toHaveProperty('body');
  });

  it('changes a document only from the version the writer knows', async () => {
    const { id } = await create('versioned');
    const first = await documents.update(id, { title: 'first' }, 1);
    expect(first).toMatchObject({ before: { title: 'versioned', version: 1 }, after: { title: 'first', version: 2 } });
    expect(await documents.update(id, { title: 'second' }, 1)).toBe('changed');
    expect(await documents.delete(id, 1)).toBe('changed');
    expect(await documents.find(id)).toMatchObject({ title: 'first', version: 2 });
    expect(await documents.delete(id, undefined)).toMatchObject({ title: 'first' });
    expect(await documents.update(id, { title: 'late' }, undefined)).toBe('missing');
  });

  it('counts facets', async () => {
    const before = await documents.countFacets();
    await create('facet', 'fay', 'facets');
    await create('facet', 'fay', 'facets');
    const after = await documents.countFacets();
    expect(after.total).toBe(before.total + 2);
    expect(after.topics).toContainEqual({ value: 'facets', count: 2 });
    expect(after.authors).toContainEqual({ value: 'fay', count: 2 });
    expect(after.months).toEqual([{ value: new Date().toISOString().slice(0, 7), count: after.total }]);
    expect(after.averageLength).toBeGreaterThan(5);
  });

  it('finds the nearest vectors of one model, and knows which documents still need one', async () => {
    const [east, north] = [await create('east'), await create('north')];
    const { documents: unindexed } = await vectors.findUnindexed('compass', 1_000);
    expect(unindexed.map(({ id }) => id)).toEqual(expect.arrayContaining([east.id, north.id]));
    const gone = await create('gone');
    await documents.delete(gone.id, undefined);
    await vectors.save('compass', [
      { documentId: east.id, version: 1, vector: [1, 0] },
      { documentId: north.id, version: 1, vector: [0, 1] },
      { documentId: gone.id, version: 1, vector: [1, 0] },
    ]);
    await vectors.save('other', [{ documentId: north.id, version: 1, vector: [1, 0, 0] }]);

    const nearest = await vectors.findNearest('compass', [0.8, 0.6], 5);
    expect(nearest.map(({ title, score }) => [title, score])).toEqual([
      ['east', 0.8],
      ['north', 0.6],
    ]);

    await documents.update(east.id, { body: 'changed' }, undefined);
    const { documents: outdated } = await vectors.findUnindexed('compass', 1_000);
    expect(outdated.map(({ id }) => id)).toContain(east.id);
    expect(outdated.map(({ id }) => id)).not.toContain(north.id);
    await vectors.save('compass', [{ documentId: east.id, version: 2, vector: [0, -1] }]);
    expect(await vectors.findNearest('compass', [0, 1], 1)).toMatchObject([{ title: 'north', score: 1 }]);
  });
});
