import { PrismaPg } from '@prisma/adapter-pg';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { PrismaQueryCache } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { PrismaClient } from '../../support/prisma-client/client.js';
import { RedisServer } from '../../support/redis-server.js';

const TABLES = [
  'create table shelves (id int primary key, name text not null)',
  'create table jars (id int primary key, label text not null, shelf_id int not null references shelves on delete cascade)',
];

describe('cached Prisma queries', () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  let url: string;
  let caches: Cache[];
  let queries: PrismaQueryCache[];
  let here: ReturnType<typeof connect>;
  let there: ReturnType<typeof connect>;
  let id = 0;

  const connect = (cached: PrismaQueryCache) =>
    new PrismaClient({ adapter: cached.adapter(new PrismaPg({ connectionString: url })) }).$extends(cached.extension);

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    url = await postgres.createDatabase();
    for (const statement of TABLES) await postgres.query(statement, [], url);
    caches = [1, 2].map(() => createCache({ redis: redis.url }));
    queries = caches.map(
      (cache) => new PrismaQueryCache(cache.namespace('prisma'), { ttlMs: 60_000, dependents: { shelves: ['jars'] } }),
    );
    [here, there] = queries.map(connect) as [typeof here, typeof there];
  }, 60_000);
  afterAll(async () => {
    await Promise.all([here.$disconnect(), there.$disconnect()]);
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all([redis.stop(), postgres.stop()]);
  });
  const makeJar = async () => {
    id += 1;
    await postgres.query('insert into shelves values ($1, $2)', [id, 'shelf'], url);
    await postgres.query('insert into jars values ($1, $2, $1)', [id, 'old'], url);
  };
  beforeEach(makeJar);

  const read = async (on: typeof here) =>
    (await on.$withCache(() => on.jar.findUnique({ where: { id }, include: { shelf: true } })))?.label;
  /** Where the client can't see it. */
  const writeBehind = (label: string) => postgres.query('update jars set label = $2 where id = $1', [id, label], url);
  const isCached = () =>
    eventually(async () => {
      await makeJar();
      expect(await read(here)).toBe('old');
      await writeBehind('unseen');
      expect([await read(here), await read(there)]).toEqual(['old', 'old']);
    });

  it('answers what is marked from the cache, on every instance, and the rest from the database', async () => {
    await isCached();
    expect((await here.jar.findUnique({ where: { id } }))?.label).toBe('unseen');
  });

  it.each<[string, () => PromiseLike<unknown>]>([
    ['an update', () => here.jar.update({ where: { id }, data: { label: 'new' } })],
    ['updateMany', () => here.jar.updateMany({ where: { id }, data: { label: 'new' } })],
    [
      'an upsert',
      () => here.jar.upsert({ where: { id }, update: { label: 'new' }, create: { id, label: 'x', shelfId: id } }),
    ],
    [
      'a nested write',
      () => here.shelf.update({ where: { id }, data: { jars: { update: { where: { id }, data: { label: 'new' } } } } }),
    ],
    [
      'several in one transaction',
      () =>
        here.$transaction([
          here.shelf.update({ where: { id }, data: { name: 'other' } }),
          here.jar.update({ where: { id }, data: { label: 'new' } }),
        ]),
    ],
    [
      'an interactive transaction',
      () => here.$transaction((tx) => tx.jar.update({ where: { id }, data: { label: 'new' } })),
    ],
    ['a raw statement', () => here.$executeRaw`update jars set label = 'new' where id = ${id}`],
    ['a raw query', () => here.$queryRaw`update jars set label = 'new' where id = ${id} returning id`],
  ])('gives the rows written by %s at once, and soon elsewhere', async (_kind, write) => {
    await isCached();
    await write();
    expect(await read(here)).toBe('new');
    await eventually(async () => expect(await read(there)).toBe('new'));
  });

  it('gives the new rows to every read after the commit, and reads none from the cache before it', async () => {
    await isCached();
    await here.$transaction(async (tx) => {
      await tx.jar.update({ where: { id }, data: { label: 'new' } });
      expect(await read(there)).toBe('old');
      const own = await here.$withCache(() => tx.jar.findUnique({ where: { id } }));
      expect(own?.label).toBe('new');
    });
    expect(await read(here)).toBe('new');
  });

  it('invalidates nothing when a transaction is rolled back', async () => {
    await isCached();
    const undone = here.$transaction(async (tx) => {
      await tx.jar.update({ where: { id }, data: { label: 'never' } });
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await read(here)).toBe('old');
  });

  it('knows what the database deletes with a row, where it is declared', async () => {
    await isCached();
    await here.shelf.delete({ where: { id } });
    expect(await read(here)).toBeUndefined();
  });

  it('invalidates by tables and by tags what it is told of', async () => {
    const tagged = async () =>
      (await here.$withCache(() => here.jar.findUnique({ where: { id } }), { tag: `jar-${id}` }))?.label;
    expect(await tagged()).toBe('old');
    await writeBehind('newer');
    await queries[0]!.invalidate({ tags: [`jar-${id}`] });
    expect(await tagged()).toBe('newer');
    await writeBehind('newest');
    await queries[0]!.invalidate({ tables: ['jars'] });
    expect(await tagged()).toBe('newest');
  });

  it('refuses a database whose SQL it does not understand', () => {
    const adapter = { provider: 'sqlserver', connect: () => Promise.reject(new Error('not to be called')) };
    expect(() => queries[0]!.adapter(adapter)).toThrow('sqlserver');
  });
});
