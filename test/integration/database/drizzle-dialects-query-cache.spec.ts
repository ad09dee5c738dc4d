import { DatabaseSync } from 'node:sqlite';
import { sql } from 'drizzle-orm';
import { BaseSQLiteDatabase, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { cacheQueries } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { hasMariadb } from '../../support/mariadb-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { DRIZZLE_KITS, type DrizzleKit, drizzleNodeSqlite, type Notes } from './drizzle-kits.js';

const names = (Object.keys(DRIZZLE_KITS) as (keyof typeof DRIZZLE_KITS)[]).filter(
  (name) => name !== 'MariaDB' || hasMariadb(),
);

describe.each(names)('cached Drizzle queries on %s', (name) => {
  let redis: RedisServer;
  let kit: DrizzleKit;
  let cache: Cache;
  let db: Notes;
  let id = 0;

  beforeAll(async () => {
    [redis, kit] = await Promise.all([RedisServer.start(), DRIZZLE_KITS[name]()]);
    cache = createCache({ redis: redis.url });
    db = kit.view(cache.namespace('queries'));
  });
  afterAll(async () => {
    await cache.close();
    await Promise.all([kit.stop(), redis.stop()]);
  });
  const makeNote = async () => {
    id += 1;
    await kit.plain.write(id, 'none');
    await kit.plain.upsert(id, 'old');
  };
  beforeEach(makeNote);

  /** The given read gives an old row until the cache is told: else nothing was cached, and the test proves nothing. */
  const isCached = async (read: () => Promise<unknown>, old: unknown) =>
    eventually(async () => {
      await makeNote();
      expect(await read()).toEqual(old);
      await kit.plain.write(id, 'unseen');
      expect(await read()).toEqual(old);
    });

  it('answers a marked query from the cache and an unmarked one from the database', async () => {
    await isCached(() => db.read(id), 'old');
    expect(await db.readUncached(id)).toBe('unseen');
  });

  it.each<[string, (on: Notes) => Promise<unknown>]>([
    ['an update', (on) => on.write(id, 'new')],
    ['an upsert', (on) => on.upsert(id, 'new')],
    ['a raw statement', (on) => on.execute(sql`update notes set text = 'new' where id = ${id}`)],
    [
      'a statement with comments',
      (on) => on.execute(sql.raw(`/* x */ update notes set text = 'new' where id = ${id}`)),
    ],
    ['a transaction', (on) => on.transaction(async (tx) => void (await tx.write(id, 'new')))],
    [
      'a nested transaction',
      (on) => on.transaction((tx) => tx.transaction(async (inner) => void (await inner.write(id, 'new')))),
    ],
  ])('gives the rows written by %s at once', async (_kind, write) => {
    await isCached(() => db.read(id), 'old');
    await write(db);
    expect(await db.read(id)).toBe('new');
  });

  it('reads from the database inside a transaction, and keeps none of it', async () => {
    await isCached(() => db.read(id), 'old');
    await db.transaction(async (tx) => {
      await tx.write(id, 'in progress');
      expect(await tx.read(id)).toBe('in progress');
      expect((await tx.readRelational(id))?.text).toBe('in progress');
    });
    expect(await db.read(id)).toBe('in progress');
  });

  it('never gives rows of a transaction that was rolled back', async () => {
    // PGlite answers it when the transaction is over.
    let outside: Promise<unknown> | undefined;
    const undone = db.transaction(async (tx) => {
      await tx.write(id, 'never');
      expect(await tx.read(id)).toBe('never');
      outside = db.read(id);
      if (name !== 'PGlite') await outside;
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    await outside;
    expect(await db.read(id)).toBe('old');
  });

  it('caches relational queries, and knows their tables', async () => {
    await isCached(async () => (await db.readRelational(id))?.text, 'old');
    await db.addReader(id, 'ada');
    expect(await db.readRelational(id)).toMatchObject({ text: 'unseen', readers: [{ name: 'ada' }] });
    await db.write(id, 'new');
    expect(await db.readRelational(id)).toMatchObject({ text: 'new', readers: [{ name: 'ada' }] });
  });

  it('caches relational queries too where all are cached, but for those that say otherwise', async () => {
    const all = kit.view(cache.namespace('all'), { strategy: 'all' });
    await isCached(() => all.readUncached(id), 'old');
    await all.write(id, 'new');
    expect(await all.readUncached(id)).toBe('new');
  });

  it('is told by everything that may change any table', async () => {
    await isCached(() => db.read(id), 'old');
    await db.execute(sql`drop table if exists nothing_of_the_kind`);
    expect(await db.read(id)).toBe('unseen');
  });

  it('is told by what the parser does not understand', async () => {
    await isCached(() => db.read(id), 'old');
    await expect(db.execute(sql`this is no sql`)).rejects.toThrow(/^Failed/);
    expect(await db.read(id)).toBe('unseen');
  });

  it('with replicas, reads from the primary what it caches, and from a replica what it does not', async () => {
    const { view, replica } = await kit.replicatedView(cache.namespace('replicas'));
    await replica.upsert(id, 'late');
    expect(await view.readUncached(id)).toBe('late');
    await isCached(() => view.read(id), 'old');
    await isCached(async () => (await view.readRelational(id))?.text, 'old');
    await view.write(id, 'new');
    expect(await view.read(id)).toBe('new');
    expect((await view.readRelational(id))?.text).toBe('new');
    await view.transaction(async (tx) => void (await tx.write(id, 'newer')));
    expect(await view.read(id)).toBe('newer');
    expect(await kit.plain.readUncached(id)).toBe('newer');
  });
});

describe('cacheQueries', () => {
  it('refuses a driver that can not wait for the cache', async () => {
    const cache = createCache();
    const sync = new BaseSQLiteDatabase('sync', new SQLiteSyncDialect() as never, {} as never, undefined);
    expect(() => cacheQueries(sync as never, cache)).toThrow('synchronous');
    await cache.close();
  });

  it('tells apart the forms in which the rows of one statement are asked for', async () => {
    const database = new DatabaseSync(':memory:');
    database.exec("create table notes (id integer primary key, text); insert into notes values (1, 'one'), (2, 'two')");
    const cache = createCache();
    const db = cacheQueries(drizzleNodeSqlite(database), cache.namespace('forms'), { strategy: 'all' });
    const { notes } = db._.fullSchema;
    for (let round = 0; round < 2; round++) {
      expect(await db.select().from(notes).get()).toEqual({ id: 1, text: 'one' });
      expect(await db.select().from(notes).all()).toHaveLength(2);
      expect(await db.select().from(notes).values()).toEqual([
        [1, 'one'],
        [2, 'two'],
      ]);
    }
    await cache.close();
    database.close();
  });
});
