import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import type { Database } from '../../../src/modules/database/index.js';
import { cacheQueries } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { SEED, seededRandom } from '../../support/seeded-random.js';
import { connectionTo, type DatabaseUnderTest, DATABASES } from './databases.js';
import { notes } from './tables.js';
import { UnfencedDrizzleCache } from './unfenced-drizzle-cache.js';

const NOTES = 6;
const WORKERS = 10;
const STEPS_EACH = 80;

type Db = Pick<Database, 'select' | 'update' | 'transaction'>;

/** One instance: its view of the database, and the newest version of each note whose write it acknowledged. */
interface Instance {
  readonly db: Db;
  readonly acknowledged: number[];
}

/**
 * Workers read and write a few notes at random, on both instances at once, in transactions that commit or roll back. A
 * note's text is its version. Returns the values that no reader may see: a version older than what its instance had acknowledged
 * before the read began, or one that was rolled back.
 */
async function findViolations(dbs: readonly Db[], seed: number, faults: Faults = new Map()): Promise<string[]> {
  const instances = dbs.map((db): Instance => ({ db, acknowledged: Array.from({ length: NOTES }, () => 0) }));
  const rolledBack = new Set<string>();
  const turns = Array.from({ length: NOTES }, () => Promise.resolve());
  const versions = Array.from({ length: NOTES }, () => 0);
  const violations: string[] = [];
  let steps = 0;

  const read = async ({ db, acknowledged }: Instance, id: number) => {
    const floor = acknowledged[id]!;
    const [row] = await db.select().from(notes).where(eq(notes.id, id)).$withCache();
    if (Number(row?.text) < floor)
      violations.push(`read version ${row?.text} of note ${id} after ${floor} was acknowledged`);
    if (rolledBack.has(`${id}:${row?.text}`))
      violations.push(`read version ${row?.text} of note ${id}, which was rolled back`);
  };
  const write = async ({ db, acknowledged }: Instance, id: number, random: () => number) => {
    const version = ++versions[id]!;
    const set = (on: Pick<Db, 'update'>) =>
      on
        .update(notes)
        .set({ text: String(version) })
        .where(eq(notes.id, id));
    const kind = random();
    if (kind < 0.4) await set(db);
    else if (kind < 0.8) await db.transaction(async (tx) => void (await set(tx), await tx.execute(sql`select 1`)));
    else {
      rolledBack.add(`${id}:${version}`);
      await db.transaction(async (tx) => void (await set(tx), tx.rollback())).catch(() => undefined);
      return;
    }
    acknowledged[id] = Math.max(acknowledged[id]!, version);
  };
  const work = async (worker: number) => {
    const random = seededRandom(seed + worker);
    for (let step = 0; step < STEPS_EACH; step++) {
      await faults.get(steps++)?.();
      const instance = instances[Math.floor(random() * instances.length)]!;
      const id = Math.floor(random() * NOTES);
      if (random() < 0.75) await read(instance, id);
      // Writes of one note take turns, so that a later version is a later commit.
      else await (turns[id] = turns[id]!.then(() => write(instance, id, random)));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  return violations;
}

/** Faults and their ends, by the number of steps done before them. */
type Faults = ReadonlyMap<number, () => Promise<void> | void>;

async function reset(database: Database): Promise<void> {
  await database.delete(notes);
  await database.insert(notes).values(Array.from({ length: NOTES }, (_, id) => ({ id, text: '0' })));
}

describe(`reads after acknowledged writes, seed ${SEED}`, () => {
  let redis: RedisServer;
  let caches: Cache[];
  beforeAll(async () => {
    redis = await RedisServer.start();
    caches = [1, 2].map(() => createCache({ redis: redis.url }));
  });
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await redis.stop();
  });

  describe.each(DATABASES)('on %s', (name, start) => {
    let databases: DatabaseUnderTest;
    beforeAll(async () => {
      databases = await start();
      await databases.connect().ready();
    });
    afterAll(() => databases.stop());

    it('never see older or rolled back rows, and all instances end with the rows of the database', async () => {
      const plain = databases.connect().database;
      await reset(plain);
      const views = caches.map((cache) =>
        cacheQueries(databases.connect().database, cache.namespace(name.toLowerCase())),
      );
      expect(await findViolations(views, SEED)).toEqual([]);
      // Else the cache was not on trial.
      for (const cache of caches) expect(cache.stats().hits.memory + cache.stats().hits.redis).toBeGreaterThan(20);
      for (let id = 0; id < NOTES; id++) {
        const one = (db: Db) => db.select().from(notes).where(eq(notes.id, id)).$withCache();
        const truth = await plain.select().from(notes).where(eq(notes.id, id));
        await eventually(async () => expect(await Promise.all(views.map(one))).toEqual([truth, truth]));
      }
    });
  });

  it('never see older rows while Redis freezes, dies and comes back empty', async () => {
    const own = await RedisServer.start();
    const ownCaches = [1, 2].map(() => createCache({ redis: own.url }));
    const postgres = await PostgresServer.start();
    const connection = connectionTo(await postgres.createDatabase());
    await reset(connection.database);
    const views = ownCaches.map((cache) => cacheQueries(connection.database, cache.namespace('faulty')));
    const faults = new Map([
      [150, () => own.pause()],
      [300, () => own.resume()],
      [450, () => own.kill()],
      [600, () => own.restart()],
    ]);
    expect(await findViolations(views, SEED, faults)).toEqual([]);
    for (let id = 0; id < NOTES; id++) {
      const one = (db: Db) => db.select().from(notes).where(eq(notes.id, id)).$withCache();
      const truth = await connection.database.select().from(notes).where(eq(notes.id, id));
      await eventually(async () => expect(await Promise.all(views.map(one))).toEqual([truth, truth]));
    }
    await Promise.all([connection.close(), ...ownCaches.map((cache) => cache.close())]);
    await Promise.all([postgres.stop(), own.stop()]);
  });

  it('do see older rows through the Cache class of Drizzle', async () => {
    const postgres = await PostgresServer.start();
    const url = await postgres.createDatabase();
    const connection = connectionTo(url);
    await reset(connection.database);
    const pools = caches.map(() => new pg.Pool({ connectionString: url }));
    const views = pools.map(
      (pool, i) =>
        drizzle(pool, { cache: new UnfencedDrizzleCache(caches[i]!.namespace('unfenced')) }) as unknown as Db,
    );
    expect((await findViolations(views, SEED)).length).toBeGreaterThan(0);
    await Promise.all([connection.close(), ...pools.map((pool) => pool.end())]);
    await postgres.stop();
  });
});
