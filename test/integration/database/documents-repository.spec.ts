import { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import type { Document } from '../../../src/modules/documents/documents.schemas.js';
import { type DatabaseUnderTest, DATABASES } from './databases.js';
import { documentsMigrations } from './document-tables.js';

describe.each(DATABASES)('documents on %s', (_name, start) => {
  let databases: DatabaseUnderTest;
  let documents: DocumentsRepository;

  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    documents = new DocumentsRepository(connection.database);
  });
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
});
