import { DataSource, type DataSourceOptions, EntitySchema, Table } from 'typeorm';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { TypeOrmQueryCache } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { hasMariadb, MariadbServer } from '../../support/mariadb-server.js';
import { NodeSqliteDriver } from '../../support/node-sqlite-driver.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';

interface Shelf {
  id: number;
  name: string;
}

interface Jar {
  id: number;
  label: string;
  shelf: Shelf;
}

/** Names with capitals: the dialects treat them differently. */
const ShelfEntity = new EntitySchema<Shelf>({
  name: 'Shelf',
  tableName: 'Shelves',
  columns: { id: { type: 'int', primary: true }, name: { type: 'varchar', length: 50 } },
});

const JarEntity = new EntitySchema<Jar>({
  name: 'Jar',
  tableName: 'constructor',
  columns: { id: { type: 'int', primary: true }, label: { type: 'varchar', length: 50 } },
  relations: { shelf: { type: 'many-to-one', target: 'Shelf', onDelete: 'CASCADE' } },
});

const STARTS: Record<string, () => Promise<{ options: DataSourceOptions; stop: () => Promise<void> }>> = {
  PostgreSQL: async () => {
    const server = await PostgresServer.start();
    const options = { type: 'postgres', url: await server.createDatabase() } as const;
    return { options, stop: () => server.stop() };
  },
  MariaDB: async () => {
    const server = await MariadbServer.start();
    const options = { type: 'mariadb', url: await server.createDatabase(), connectorPackage: 'mysql2' } as const;
    return { options, stop: () => server.stop() };
  },
  SQLite: async () => {
    const options = { type: 'better-sqlite3', database: ':memory:', driver: NodeSqliteDriver } as const;
    return { options, stop: async () => {} };
  },
};
const names = Object.keys(STARTS).filter((name) => name !== 'MariaDB' || hasMariadb());

describe.each(names)('TypeORM on %s with Larder as its query result cache', (name) => {
  let redis: RedisServer;
  let stop: () => Promise<void>;
  let cache: Cache;
  let source: DataSource;
  let options: DataSourceOptions;
  let id = 0;

  beforeAll(async () => {
    redis = await RedisServer.start();
    ({ options, stop } = await STARTS[name]!());
    cache = createCache({ redis: redis.url });
    source = await new DataSource({
      ...options,
      entities: [ShelfEntity, JarEntity],
      synchronize: true,
      cache: { provider: (source) => new TypeOrmQueryCache(source, cache.namespace('typeorm')), duration: 60_000 },
    }).initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await cache.close();
    await Promise.all([stop(), redis.stop()]);
  });
  const makeJar = async () => {
    id += 1;
    await source.getRepository(ShelfEntity).insert({ id, name: 'shelf' });
    await source.getRepository(JarEntity).insert({ id, label: 'old', shelf: { id } });
  };
  beforeEach(makeJar);

  const read = async () =>
    (await source.getRepository(JarEntity).findOne({ where: { id }, relations: { shelf: true }, cache: true }))?.label;
  /** Where TypeORM can't see it: through a runner that nothing watches. */
  const writeBehind = async (label: string) => {
    const runner = source.driver.createQueryRunner('master');
    const query = Object.getPrototypeOf(runner).query as (sql: string) => Promise<unknown>;
    await query.call(runner, `update ${source.driver.escape('constructor')} set label = '${label}' where id = ${id}`);
    if (name !== 'SQLite') await runner.release();
  };
  const isCached = () =>
    eventually(async () => {
      await makeJar();
      expect(await read()).toBe('old');
      await writeBehind('unseen');
      expect(await read()).toBe('old');
    });
  const jars = () => source.createQueryBuilder().insert().into(JarEntity);

  it.each<[string, () => Promise<unknown>]>([
    ['a repository', () => source.getRepository(JarEntity).update(id, { label: 'new' })],
    ['save', () => source.getRepository(JarEntity).save({ id, label: 'new' })],
    [
      'upsert',
      () => source.getRepository(JarEntity).upsert({ id, label: 'new', shelf: { id } }, { conflictPaths: ['id'] }),
    ],
    [
      'a query builder',
      () => source.createQueryBuilder().update(JarEntity).set({ label: 'new' }).where({ id }).execute(),
    ],
    [
      'orIgnore',
      async () => {
        await source.getRepository(JarEntity).delete(id);
        await jars().values({ id, label: 'new', shelf: { id } }).orIgnore().execute();
      },
    ],
    ['a transaction', () => source.transaction((manager) => manager.update(JarEntity, id, { label: 'new' }))],
    [
      'a raw statement',
      () => source.query(`update ${source.driver.escape('constructor')} set label = 'new' where id = ${id}`),
    ],
    [
      'a transaction in SQL',
      async () => {
        const runner = source.createQueryRunner();
        for (const statement of [
          '/* mine */ begin',
          `update ${source.driver.escape('constructor')} set label = 'new' where id = ${id}`,
          'commit',
        ])
          await runner.query(statement);
        await runner.release();
      },
    ],
  ])('gives the rows written by %s at once', async (_kind, write) => {
    await isCached();
    await write();
    expect(await read()).toBe('new');
  });

  it('gives the rows written by orIgnore alone', async () => {
    await source.getRepository(JarEntity).delete(id);
    expect(await read()).toBeUndefined();
    await jars().values({ id, label: 'new', shelf: { id } }).orIgnore().execute();
    expect(await read()).toBe('new');
  });

  it('knows what the database deletes with a row, whatever the case of the names', async () => {
    const count = () => source.createQueryBuilder(JarEntity, 'jar').where({ id }).cache(true).getCount();
    expect(await count()).toBe(1);
    await source.query(`delete from ${source.driver.escape('Shelves')} where id = ${id}`);
    expect(await count()).toBe(0);
  });

  it('never gives rows of a transaction that was rolled back', async () => {
    const undone = source.transaction(async (manager) => {
      await manager.update(JarEntity, id, { label: 'never' });
      await read();
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await read()).toBe('old');
  });

  it('gives what each of several statements sent at once has written', async () => {
    await isCached();
    const runner = source.createQueryRunner();
    const table = source.driver.escape('constructor');
    await Promise.all([
      runner.query(`update ${source.driver.escape('Shelves')} set name = 'other' where id = ${id}`),
      runner.query(`update ${table} set label = 'new' where id = ${id}`),
      runner.query(`update ${table} set label = 'newer' where id = ${id}`),
    ]);
    expect(await read()).toBe('newer');
    if (name !== 'SQLite') await runner.release();
  });

  it('is told when the schema changes', async () => {
    await isCached();
    const runner = source.createQueryRunner();
    await runner.createTable(new Table({ name: `other_${id}`, columns: [{ name: 'id', type: 'int' }] }));
    expect(await read()).toBe('unseen');
  });
});

describe('cells of node-postgres that are instances of a class', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let sources: DataSource[];
  let caches: Cache[];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    const url = await postgres.createDatabase();
    await postgres.query('create table spans (id int, span interval, spans interval[])', [], url);
    await postgres.query(
      "insert into spans values (1, '3 days 04:05:06.5', array['1 year', '2 mons']::interval[])",
      [],
      url,
    );
    caches = [1, 2].map(() => createCache({ redis: redis.url }));
    sources = await Promise.all(
      caches.map((cache) =>
        new DataSource({
          type: 'postgres',
          url,
          entities: [SpanEntity],
          cache: { provider: (source) => new TypeOrmQueryCache(source, cache.namespace('spans')), duration: 60_000 },
        }).initialize(),
      ),
    );
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all([postgres.stop(), redis.stop()]);
  });
  const SpanEntity = new EntitySchema<{ id: number; span: unknown; spans: unknown }>({
    name: 'spans',
    columns: {
      id: { type: 'int', primary: true },
      span: { type: 'interval' },
      spans: { type: 'interval', array: true },
    },
  });
  const read = (source: DataSource) =>
    source
      .createQueryBuilder(SpanEntity, 's')
      .select(['s.span as span', 's.spans as spans'])
      .cache(true)
      .getRawOne<{ span: { toPostgres(): string }; spans: { toPostgres(): string }[] }>();

  it('are of that class for every caller, in every process', async () => {
    const first = (await read(sources[0]!))!;
    const [again, elsewhere] = [(await read(sources[0]!))!, (await read(sources[1]!))!];
    for (const row of [first, again, elsewhere]) {
      expect(row.span.toPostgres()).toBe('6.5 seconds 5 minutes 4 hours 3 days');
      expect(row.spans.map((span) => span.toPostgres())).toEqual(['1 years', '2 months']);
    }
    expect(again).toEqual(first);
    expect(again.span).not.toBe(first.span);
  });
});
