import { setTimeout as delay } from 'node:timers/promises';
import { asc, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { databaseConfig } from '../../../src/modules/database/database.config.js';
import type { Database } from '../../../src/modules/database/database.js';
import { DatabaseConnection } from '../../../src/modules/database/database-connection.js';
import { PostgresDriver } from '../../../src/modules/database/drivers/postgres.driver.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { cacheQueries } from '../../../src/modules/query-cache/drizzle/cache-queries.js';
import { notes } from '../../integration/database/tables.js';
import { UnfencedDrizzleCache } from '../../integration/database/unfenced-drizzle-cache.js';
import { eventually } from '../../support/eventually.js';
import { seededRandom } from '../../support/seeded-random.js';
import type { InvalidationEvent, ReadEvent } from '../protocol.js';
import { nowMs } from '../world.js';
import { NEVER_COMMITTED, ROWS, type RowHistory, type RowTask, type RowWorkerSetup } from './row-history.js';

type Db = Pick<Database, 'select' | 'update' | 'transaction'>;

const LAG_BEAT_MS = 20;
const MIN_STALL_MS = 60;

const setup = JSON.parse(process.argv[2]!) as RowWorkerSetup;
const cache: Cache = createCache({ namespace: 'rows', redis: setup.redisUrl });
const db = setup.subject === 'larder' ? await cachedView() : unfencedView();
const random = seededRandom(setup.seed * 31 + setup.worker);

async function cachedView(): Promise<Db> {
  const config = databaseConfig.parse({
    DATABASE_URL: setup.databaseUrl,
    DATABASE_CONNECT_TIMEOUT: '500ms',
    DATABASE_STATEMENT_TIMEOUT: '500ms',
  });
  const driver = new PostgresDriver(config);
  const connection = new DatabaseConnection(driver, new MigrationRegistry());
  await connection.ready();
  return cacheQueries(connection.database, cache.namespace('queries'));
}

/** A cache as Drizzle's own `Cache` class allows it. */
function unfencedView(): Db {
  const pool = new pg.Pool({ connectionString: setup.databaseUrl });
  pool.on('error', () => undefined);
  return drizzle(pool, { cache: new UnfencedDrizzleCache(cache.namespace('queries')) }) as unknown as Db;
}

const readOne = (id: number) => db.select().from(notes).where(eq(notes.id, id)).$withCache();
const readAll = () => db.select().from(notes).orderBy(asc(notes.id)).$withCache();

/** The version the row has now; in the order of commits, since writers of a row wait for each other. */
async function increment(on: Pick<Db, 'update'>, id: number): Promise<number> {
  const [row] = await on
    .update(notes)
    .set({ text: sql`(${notes.text}::int + 1)::text` })
    .where(eq(notes.id, id))
    .returning();
  return Number(row!.text);
}

async function work(forMs: number): Promise<RowHistory> {
  const reads: ReadEvent[] = [];
  const invalidations: InvalidationEvent[] = [];
  const errors: Record<string, number> = {};
  const stalls: { startMs: number; endMs: number }[] = [];
  let uncommitted = 0;
  let rolledBack = 0;

  const read = async () => {
    const isOne = random() < 0.7;
    const startMs = nowMs();
    const rows = isOne ? await readOne(Math.floor(random() * ROWS)) : await readAll();
    const endMs = nowMs();
    for (const { id, text } of rows) {
      if (text === NEVER_COMMITTED) uncommitted++;
      else
        reads.push({
          worker: setup.worker,
          operation: isOne ? 'getOrLoad' : 'getOrLoadMany',
          key: id,
          startMs,
          endMs,
          version: Number(text),
        });
    }
  };
  const write = async () => {
    const id = Math.floor(random() * ROWS);
    const kind = random();
    if (kind < 0.2) {
      const giveUp = new Error('given up');
      await db
        .transaction(async (tx) => {
          await tx.update(notes).set({ text: NEVER_COMMITTED }).where(eq(notes.id, id));
          await delay(random() * 3);
          throw giveUp;
        })
        .catch((error: unknown) => {
          if (error !== giveUp) throw error;
        });
      rolledBack++;
      return;
    }
    const version =
      kind < 0.6
        ? await increment(db, id)
        : await db.transaction(async (tx) => {
            const next = await increment(tx, id);
            await delay(random() * 3);
            return next;
          });
    const ackMs = nowMs();
    invalidations.push({
      worker: setup.worker,
      operation: 'invalidateTags',
      target: `row ${id}`,
      // The commit was before, so whatever time is taken here the source had that version.
      startMs: ackMs,
      ackMs,
      status: 'applied',
      required: [[id, version]],
    });
  };
  const loop = async (untilMs: number) => {
    while (nowMs() < untilMs) {
      try {
        await (random() < 0.75 ? read() : write());
      } catch (error) {
        const { message } = rootOf(error);
        errors[message] = (errors[message] ?? 0) + 1;
      }
      await delay(random() * 4);
    }
  };

  let beatMs = nowMs();
  const beat = setInterval(() => {
    const lastMs = beatMs;
    beatMs = nowMs();
    if (beatMs - lastMs - LAG_BEAT_MS > MIN_STALL_MS) stalls.push({ startMs: lastMs, endMs: beatMs });
  }, LAG_BEAT_MS);
  const untilMs = nowMs() + forMs;
  await Promise.all(Array.from({ length: setup.loops }, () => loop(untilMs)));
  clearInterval(beat);
  const { hits, fillsRejected } = cache.stats();
  return {
    worker: setup.worker,
    reads,
    invalidations,
    stalls,
    uncommitted,
    rolledBack,
    errors,
    hits: hits.memory + hits.redis,
    fillsRejected,
  };
}

function rootOf(error: unknown): Error {
  const { cause } = error as Error;
  return cause instanceof Error ? rootOf(cause) : (error as Error);
}

process.on('message', (task: RowTask) => {
  const answer = task.type === 'work' ? work(task.forMs) : readAll().then((rows) => rows.map(({ text }) => text));
  void answer.then((result) => process.send!(result));
});
process.on('disconnect', () => process.exit(0));
await eventually(() => {
  const { redis, isCoherent } = cache.stats();
  if (redis !== 'up' || !isCoherent) throw new Error(`Redis is ${redis}.`);
});
process.send!('ready');
