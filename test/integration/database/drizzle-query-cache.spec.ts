import { eq, exists, sql } from 'drizzle-orm';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import type { Database } from '../../../src/modules/database/index.js';
import { cacheQueries } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { type DatabaseUnderTest, DATABASES } from './databases.js';
import { notes, readers } from './tables.js';

describe.each(DATABASES)('cached Drizzle queries on %s', (_name, start) => {
  let redis: RedisServer;
  let databases: DatabaseUnderTest;
  let caches: Cache[];
  let plain: Database;
  let here: Database;
  let there: Database;
  let id = 0;

  beforeAll(async () => {
    [redis, databases] = await Promise.all([RedisServer.start(), start()]);
    const connection = databases.connect();
    await connection.ready();
    plain = connection.database;
    caches = [1, 2].map(() => createCache({ redis: redis.url }));
    const dependents = { notes: ['readers'] };
    [here, there] = caches.map((cache) =>
      cacheQueries(databases.connect().database, cache.namespace('queries'), { dependents }),
    ) as [Database, Database];
  });
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all([databases.stop(), redis.stop()]);
  });
  const makeNote = async () => {
    id += 1;
    await plain.insert(notes).values({ id, text: 'old' });
    await plain.insert(readers).values({ id, noteId: id, profile: { likes: ['tea'] } });
  };
  beforeEach(makeNote);

  const read = async (database: Database) =>
    (await database.select().from(notes).where(eq(notes.id, id)).$withCache())[0]?.text;
  const write = (database: Pick<Database, 'update'>, text: string) =>
    database.update(notes).set({ text }).where(eq(notes.id, id));

  it('answers a marked query from the cache, on every instance, and an unmarked one from the database', async () => {
    // A hit is never promised: on a busy machine Redis may be given up on for a moment.
    await eventually(async () => {
      await makeNote();
      expect(await read(here)).toBe('old');
      await write(plain, 'unseen');
      expect([await read(here), await read(there)]).toEqual(['old', 'old']);
    });
    expect(await here.select({ text: notes.text }).from(notes).where(eq(notes.id, id))).toEqual([{ text: 'unseen' }]);
  });

  it('gives the rows of a write at once where it was made, and soon elsewhere', async () => {
    expect([await read(here), await read(there)]).toEqual(['old', 'old']);
    await write(here, 'new');
    expect(await read(here)).toBe('new');
    await eventually(async () => expect(await read(there)).toBe('new'));
  });

  it('runs equal queries at the same time once', async () => {
    const count = () =>
      here
        .select({ run: sql<number>`nextval('runs')::int` })
        .from(notes)
        .where(eq(notes.id, id))
        .$withCache();
    const answers = await Promise.all(Array.from({ length: 20 }, count));
    expect(new Set(answers.map(([row]) => row?.run)).size).toBe(1);
  });

  it('knows the tables of subqueries, of raw statements and of cascades', async () => {
    const isRead = () =>
      here
        .select()
        .from(notes)
        .where(exists(here.select().from(readers).where(eq(readers.noteId, id))))
        .$withCache()
        .then((rows) => rows.length > 0);
    const countReaders = async () =>
      (await here.select().from(readers).where(eq(readers.noteId, id)).$withCache()).length;
    expect([await isRead(), await countReaders()]).toEqual([true, 1]);
    await here.execute(sql`delete from readers where note_id = ${id}`);
    expect([await isRead(), await countReaders()]).toEqual([false, 0]);
    await here.insert(readers).values({ id, noteId: id });
    expect(await countReaders()).toBe(1);
    await here.delete(notes).where(eq(notes.id, id));
    expect(await countReaders()).toBe(0);
  });

  it('reads from the database inside a transaction, and stores no result', async () => {
    expect(await read(here)).toBe('old');
    await here.transaction(async (tx) => {
      await write(tx, 'in progress');
      expect(await read(tx as unknown as Database)).toBe('in progress');
    });
    expect(await read(here)).toBe('in progress');
  });

  it('invalidates nothing when a transaction is rolled back', async () => {
    expect(await read(here)).toBe('old');
    await write(plain, 'unseen');
    const undone = here.transaction(async (tx) => {
      await write(tx, 'never');
      await tx.transaction((nested) => write(nested, 'nor this'));
      tx.rollback();
    });
    await expect(undone).rejects.toThrow('Rollback');
    expect(await read(here)).toBe('old');
    await expect(here.insert(notes).values({ id, text: 'refused' })).rejects.toThrow('Failed query');
    expect(await read(here)).toBe('old');
  });

  it('invalidates after the commit the tables that nested transactions and explicit calls named', async () => {
    const tagged = async () =>
      (
        await here
          .select()
          .from(notes)
          .where(eq(notes.id, id))
          .$withCache({ tag: `note-${id}`, autoInvalidate: false })
      )[0]?.text;
    expect([await read(here), await tagged()]).toEqual(['old', 'old']);
    await here.transaction((tx) => tx.transaction((nested) => write(nested, 'nested')));
    expect([await read(here), await tagged()]).toEqual(['nested', 'old']);
    await here.transaction(async (tx) => {
      await write(tx, 'named');
      await tx.$cache.invalidate({ tags: `note-${id}` });
    });
    expect([await read(here), await tagged()]).toEqual(['named', 'named']);
    await write(plain, 'elsewhere');
    await here.$cache.invalidate({ tables: notes });
    expect(await read(here)).toBe('elsewhere');
  });

  it('gives every caller rows of its own', async () => {
    const profile = async () => (await here.select().from(readers).where(eq(readers.id, id)).$withCache())[0]!.profile;
    (await profile())['likes'] = 'nothing';
    (await profile())['likes'] = 'nothing';
    expect(await profile()).toEqual({ likes: ['tea'] });
  });

  it('caches every query of the builder where that was asked for', async () => {
    const all = cacheQueries(plain, caches[0]!.namespace('all'), { strategy: 'all' });
    const text = async (isCached: boolean) => {
      const query = all.select().from(notes).where(eq(notes.id, id)).$dynamic();
      return (await (isCached ? query : query.$withCache(false)))[0]?.text;
    };
    expect(await text(true)).toBe('old');
    await write(plain, 'unseen');
    expect([await text(true), await text(false)]).toEqual(['old', 'unseen']);
  });
});
