import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { TypeOrmQueryCache } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';

interface Shelf {
  id: number;
  name: string;
}

interface Jar {
  id: number;
  label: string;
  filledAt: Date;
  contents: { fruit: string };
  shelf: Shelf;
}

const ShelfEntity = new EntitySchema<Shelf>({
  name: 'shelves',
  columns: { id: { type: 'int', primary: true }, name: { type: 'text' } },
});

const JarEntity = new EntitySchema<Jar>({
  name: 'jars',
  columns: {
    id: { type: 'int', primary: true },
    label: { type: 'text' },
    filledAt: { type: 'timestamptz' },
    contents: { type: 'jsonb' },
  },
  relations: { shelf: { type: 'many-to-one', target: 'shelves', onDelete: 'CASCADE' } },
});

describe('TypeORM with Larder as its query result cache', () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  let url: string;
  let caches: Cache[];
  let here: DataSource;
  let there: DataSource;
  let id = 0;
  const filledAt = new Date('2026-11-23T06:00:00Z');

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    url = await postgres.createDatabase();
    caches = [1, 2].map(() => createCache({ redis: redis.url }));
    const sources: DataSource[] = [];
    for (const [i, cache] of caches.entries()) {
      const options: DataSourceOptions = {
        type: 'postgres',
        url,
        entities: [ShelfEntity, JarEntity],
        synchronize: i === 0,
        cache: { provider: (source) => new TypeOrmQueryCache(source, cache.namespace('typeorm')), duration: 60_000 },
      };
      sources.push(await new DataSource(options).initialize());
    }
    [here, there] = sources as [DataSource, DataSource];
  });
  afterAll(async () => {
    await Promise.all([here.destroy(), there.destroy()]);
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all([redis.stop(), postgres.stop()]);
  });
  beforeEach(async () => {
    id += 1;
    await here.getRepository(ShelfEntity).insert({ id, name: `shelf ${id}` });
    await here
      .getRepository(JarEntity)
      .insert({ id, label: 'old', filledAt, contents: { fruit: 'plum' }, shelf: { id } });
  });

  const read = async (source: DataSource) =>
    (await source.getRepository(JarEntity).findOne({ where: { id }, cache: true }))?.label;
  /** Where TypeORM can't see it. */
  const writeBehind = (label: string) => postgres.query('update jars set label = $2 where id = $1', [id, label], url);

  it('answers from the cache, on every instance, with the types and in the form of the first answer', async () => {
    const first = await here
      .getRepository(JarEntity)
      .findOneOrFail({ where: { id }, cache: true, relations: { shelf: true } });
    await writeBehind('unseen');
    const again = await there
      .getRepository(JarEntity)
      .findOneOrFail({ where: { id }, cache: true, relations: { shelf: true } });
    expect(again).toEqual(first);
    expect(again).toMatchObject({
      label: 'old',
      filledAt,
      contents: { fruit: 'plum' },
      shelf: { name: `shelf ${id}` },
    });
    again.contents.fruit = 'pear';
    expect(
      (await there.getRepository(JarEntity).findOneOrFail({ where: { id }, cache: true, relations: { shelf: true } }))
        .contents,
    ).toEqual({ fruit: 'plum' });
  });

  it.each<[string, (source: DataSource) => Promise<unknown>]>([
    ['a repository', (source) => source.getRepository(JarEntity).update(id, { label: 'new' })],
    [
      'a query builder',
      (source) => source.createQueryBuilder().update(JarEntity).set({ label: 'new' }).where({ id }).execute(),
    ],
    ['a raw statement', (source) => source.query('update jars set label = $2 where id = $1', [id, 'new'])],
    ['a transaction', (source) => source.transaction((manager) => manager.update(JarEntity, id, { label: 'new' }))],
    [
      'a transaction in SQL',
      async (source) => {
        const runner = source.createQueryRunner();
        for (const statement of ['begin', `update jars set label = 'new' where id = ${id}`, 'commit'])
          await runner.query(statement);
        await runner.release();
      },
    ],
  ])('gives the rows written by %s at once, and soon elsewhere', async (_name, write) => {
    expect([await read(here), await read(there)]).toEqual(['old', 'old']);
    await write(here);
    expect(await read(here)).toBe('new');
    await eventually(async () => expect(await read(there)).toBe('new'));
  });

  it('gives the new rows to every read after the commit, also where another read came before it', async () => {
    await here.transaction(async (manager) => {
      await manager.update(JarEntity, id, { label: 'new' });
      expect(await read(here)).toBe('old');
      const own = await manager.findOne(JarEntity, { where: { id }, cache: true });
      expect(own?.label).toBe('new');
    });
    expect(await read(here)).toBe('new');
  });

  it('invalidates nothing when a transaction is rolled back', async () => {
    expect(await read(here)).toBe('old');
    await writeBehind('unseen');
    const undone = here.transaction(async (manager) => {
      await manager.update(JarEntity, id, { label: 'never' });
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await read(here)).toBe('old');
  });

  it('knows the rows that the database deletes with a row', async () => {
    expect(await read(here)).toBe('old');
    await here.getRepository(ShelfEntity).delete(id);
    expect(await read(here)).toBeUndefined();
  });

  it('lets results be removed by their id, and all be cleared', async () => {
    const named = async () =>
      (await here.getRepository(JarEntity).findOne({ where: { id }, cache: { id: `jar-${id}`, milliseconds: 60_000 } }))
        ?.label;
    expect(await named()).toBe('old');
    await writeBehind('newer');
    expect(await named()).toBe('old');
    await here.queryResultCache!.remove([`jar-${id}`]);
    expect(await named()).toBe('newer');
    await writeBehind('newest');
    await here.queryResultCache!.clear();
    expect(await named()).toBe('newest');
  });

  it('runs equal queries at the same time once, and tells each of a failure', async () => {
    await here.query('create sequence if not exists runs');
    const run = () =>
      here
        .createQueryBuilder()
        .select(`nextval('runs')`, 'run')
        .from(JarEntity, 'jar')
        .where({ id })
        .cache(true)
        .getRawOne<{ run: string }>();
    const answers = await Promise.all(Array.from({ length: 10 }, run));
    expect(new Set(answers.map((row) => row?.run)).size).toBe(1);
    const fail = () =>
      here
        .createQueryBuilder()
        .select('1 / (jar.id - jar.id)', 'x')
        .from(JarEntity, 'jar')
        .where({ id })
        .cache(true)
        .getRawOne();
    const failures = await Promise.allSettled([fail(), fail(), fail()]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
