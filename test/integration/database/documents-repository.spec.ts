import { sql } from 'drizzle-orm';
import type { Database } from '../../../src/modules/database/index.js';
import { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import { FacetsRepository } from '../../../src/modules/documents/database/facets.repository.js';
import type { Document, DocumentPage } from '../../../src/modules/documents/documents.schemas.js';
import { type DatabaseUnderTest, DATABASES } from './databases.js';
import { documentsMigrations } from './document-tables.js';

describe.each(DATABASES)('documents on %s', (_name, start) => {
  let databases: DatabaseUnderTest;
  let database: Database;
  let documents: DocumentsRepository;
  let facets: FacetsRepository;

  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    ({ database } = connection);
    documents = new DocumentsRepository(database);
    facets = new FacetsRepository(database);
  });
  afterAll(() => databases.stop());

  const create = (title: string, author = 'ann', topic = 'tea', labels: string[] = []) =>
    documents.create({ title, body: `About ${title}.`, author, topic, labels });

  const list = { limit: 100, sort: 'createdAt', order: 'desc' } as const;
  const titlesOf = ({ items }: DocumentPage) => items.map(({ title }) => title);

  it('pages through a filtered list without skipping or repeating, while others write', async () => {
    const created: Document[] = [];
    for (let i = 0; i < 7; i++) created.push(await create(`page ${i}`, 'pager', 'paging', i % 2 ? ['odd'] : []));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await documents.findPage({ ...list, author: 'pager', limit: 2, cursor });
      seen.push(...titlesOf(page));
      cursor = page.nextCursor;
      await create('newer', 'pager', 'interrupting');
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(created.map(({ title }) => title));

    const odd = await documents.findPage({ ...list, topic: 'paging', label: 'odd' });
    expect(titlesOf(odd).toSorted()).toEqual(['page 1', 'page 3', 'page 5']);
    expect(odd.items[0]).not.toHaveProperty('body');
  });

  it('pages forth and back by every sort and order, in any time zone, also before 1970', async () => {
    const times = [
      '0001-01-01T00:00:00Z',
      '0044-03-15T12:00:00.5Z',
      '1873-01-01T00:00:00Z',
      '1969-12-31T23:59:59.999Z',
    ];
    times.push('1970-01-01T00:00:00Z', '2026-02-28T10:00:00.001Z', '9999-12-31T23:59:59.999Z');
    for (const [i, time] of times.entries()) {
      await database.execute(
        sql`insert into documents (title, body, author, topic, created_at, updated_at)
            values (${`title ${9 - i}`}, 'b', 'timeless', 't', ${time}::timestamptz, ${time}::timestamptz)`,
      );
    }
    const filter = { author: 'timeless' };
    const iso = times.map((time) => new Date(time).toISOString());
    for (const sort of ['createdAt', 'updatedAt', 'title'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        const whole = await documents.findPage({ ...filter, sort, order, limit: 100 });
        const isAscending = (order === 'asc') === (sort !== 'title');
        expect(whole.items.map(({ createdAt }) => createdAt)).toEqual(isAscending ? iso : iso.toReversed());
        expect(whole).not.toHaveProperty('nextCursor');
        expect(whole).not.toHaveProperty('previousCursor');
        const pages: DocumentPage[] = [];
        for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
          pages.push(await documents.findPage({ ...filter, sort, order, limit: 3, cursor }));
          cursor = pages.at(-1)!.nextCursor;
        }
        expect(pages.flatMap(titlesOf)).toEqual(titlesOf(whole));
        const back: DocumentPage[] = [];
        for (let cursor = pages.at(-1)!.previousCursor; cursor !== undefined; cursor = back.at(-1)!.previousCursor)
          back.push(await documents.findPage({ ...filter, sort, order, limit: 3, cursor }));
        expect(back.map(titlesOf)).toEqual(pages.slice(0, -1).toReversed().map(titlesOf));
      }
    }
  });

  it('gives the first page where all documents before a cursor are gone, and none after the last', async () => {
    for (const title of ['a', 'b', 'c', 'd']) await create(title, 'leaver');
    const request = { ...list, author: 'leaver', sort: 'title', order: 'asc', limit: 2 } as const;
    const { nextCursor } = await documents.findPage(request);
    const second = await documents.findPage({ ...request, cursor: nextCursor });
    expect(titlesOf(second)).toEqual(['c', 'd']);
    await database.execute(sql`delete from documents where author = 'leaver' and title in ('a', 'b')`);
    const first = await documents.findPage({ ...request, cursor: second.previousCursor });
    expect([titlesOf(first), first.previousCursor, first.nextCursor]).toEqual([['c', 'd'], undefined, undefined]);
    await database.execute(sql`delete from documents where author = 'leaver'`);
    expect(await documents.findPage({ ...request, cursor: nextCursor })).toEqual({ items: [] });
  });

  it('reads times alike in a session of another time zone and another style of dates', async () => {
    await database.transaction(async (tx) => {
      await tx.execute(sql`set local timezone = 'America/Los_Angeles'`);
      await tx.execute(sql`set local datestyle = 'German'`);
      const inSession = new DocumentsRepository(tx);
      const page = await inSession.findPage({ ...list, author: 'timeless', order: 'asc', limit: 1 });
      expect(page.items[0]!.createdAt).toBe('0001-01-01T00:00:00.000Z');
      const next = await inSession.findPage({ ...list, author: 'timeless', order: 'asc', cursor: page.nextCursor });
      expect(next.items).toHaveLength(6);
    });
  });

  it('changes a document only from a version the writer knows', async () => {
    const { id } = await create('versioned');
    const first = await documents.update(id, { title: 'first' }, new Set([1]));
    expect(first).toMatchObject({ before: { title: 'versioned', version: 1 }, after: { title: 'first', version: 2 } });
    expect(await documents.update(id, { title: 'second' }, new Set([1]))).toBe('changed');
    expect(await documents.update(id, { title: 'second' }, new Set())).toBe('changed');
    expect(await documents.delete(id, new Set([1, 3]))).toBe('changed');
    expect(await documents.find(id)).toMatchObject({ title: 'first', version: 2 });
    expect(await documents.delete(id, new Set([2, 3]))).toMatchObject({ title: 'first' });
    expect(await documents.update(id, { title: 'late' }, undefined)).toBe('missing');
  });

  it('creates many documents in the order given, or none of them', async () => {
    const drafts = Array.from({ length: 100 }, (_, i) => ({
      ...{ title: `many ${i}`, body: 'b', author: 'bulk', topic: 't', labels: [] },
    }));
    expect((await documents.createMany(drafts)).map(({ title }) => title)).toEqual(drafts.map(({ title }) => title));
    await expect(documents.createMany([drafts[0]!, { ...drafts[1]!, body: 'nul\0' }])).rejects.toMatchObject({
      cause: { code: '22021' },
    });
    const { rows } = await database.execute(sql`select count(*)::int as count from documents where author = 'bulk'`);
    expect(rows).toEqual([{ count: 100 }]);
  });

  it('counts facets, and says what it leaves out', async () => {
    await database.execute(sql`delete from documents`);
    for (let i = 0; i < 25; i++) await create('facet', `author ${String(i).padStart(2, '0')}`, 'facets');
    await create('facet', 'author 07', 'others');
    const counted = await facets.countFacets();
    expect(counted).toMatchObject({ total: 26, averageLength: 12 });
    expect(counted.topics).toEqual({
      values: [
        { value: 'facets', count: 25 },
        { value: 'others', count: 1 },
      ],
      omitted: { values: 0, count: 0 },
    });
    expect(counted.authors.values).toHaveLength(20);
    expect(counted.authors.values.slice(0, 2)).toEqual([
      { value: 'author 07', count: 2 },
      { value: 'author 00', count: 1 },
    ]);
    expect(counted.authors.omitted).toEqual({ values: 5, count: 5 });
    expect(counted.months.values).toEqual([{ value: new Date().toISOString().slice(0, 7), count: 26 }]);
    await database.execute(sql`delete from documents`);
    const none = { values: [], omitted: { values: 0, count: 0 } };
    expect(await facets.countFacets()).toEqual({
      ...{ total: 0, averageLength: 0, topics: none, authors: none, months: none },
    });
  });
});
