import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { seededRandom } from '../../support/seeded-random.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { HistoryChecker, type Violation } from '../history-checker.js';
import type { InvalidationEvent, ReadEvent } from '../protocol.js';
import { BOUNDS } from '../run-consistency.js';
import { nowMs } from '../world.js';

/** Rows that are read and written; row i is key i of the checker. */
export const ROWS = 8;
/** The value that a transaction writes before it is rolled back. */
export const NEVER_COMMITTED = 'never committed';

/** How a worker process is started; its one argument, as JSON. */
export interface RowWorkerSetup {
  readonly worker: number;
  /** Larder's `cacheQueries`, or a cache as Drizzle's own `Cache` class allows it. */
  readonly subject: 'larder' | 'unfenced';
  readonly seed: number;
  readonly loops: number;
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

export type RowTask = { readonly type: 'work'; readonly forMs: number } | { readonly type: 'readAll' };

/** The writes and reads of one worker. */
export interface RowHistory {
  readonly worker: number;
  readonly reads: readonly ReadEvent[];
  readonly invalidations: readonly InvalidationEvent[];
  /** Its event loop was held up. */
  readonly stalls: readonly { readonly startMs: number; readonly endMs: number }[];
  /** Reads that returned {@link NEVER_COMMITTED}. */
  readonly uncommitted: number;
  readonly rolledBack: number;
  /** By message. */
  readonly errors: Readonly<Record<string, number>>;
  readonly hits: number;
  readonly fillsRejected: number;
}

export interface RowReport extends Omit<RowHistory, 'worker' | 'reads' | 'invalidations' | 'stalls'> {
  readonly violations: readonly Violation[];
  readonly checked: number;
  readonly raced: number;
  readonly writes: number;
  /** Rows as each worker's cache has them when all is quiet, and as the database has. */
  readonly final: { readonly workers: readonly string[][]; readonly database: readonly string[] };
}

export interface RowOptions {
  readonly subject: RowWorkerSetup['subject'];
  readonly seed: number;
  readonly workers: number;
  readonly forMs: number;
  /** Whether connections to the database break or stall meanwhile, and subscribers of Redis are cut. */
  readonly isBroken: boolean;
}

/** While announcements are lost they are read from the log within a heartbeat. */
const BUS_FAULT_MS = 1_000;

const HOOKS = new URL('../harness/typescript.mjs', import.meta.url).href;
const ENTRY = fileURLToPath(new URL('./row-worker.ts', import.meta.url));

/** Readers and writers of the same rows, in processes of their own, and the checker's verdict on their reads. */
export async function runRowHistory({ subject, seed, workers, forMs, isBroken }: RowOptions): Promise<RowReport> {
  const [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
  const proxy = await TcpProxy.start(postgres.port);
  const children: ChildProcess[] = [];
  try {
    const databaseUrl = await postgres.createDatabase();
    await postgres.query('create table notes (id int primary key, text text not null)', [], databaseUrl);
    await postgres.query(
      `insert into notes select i, '1' from generate_series(0, $1::int) as i`,
      [ROWS - 1],
      databaseUrl,
    );
    const throughProxy = databaseUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    for (let worker = 0; worker < workers; worker++)
      children.push(start({ worker, subject, seed, loops: 6, redisUrl: redis.url, databaseUrl: throughProxy }));
    await Promise.all(children.map((child) => once(child, 'message')));

    const checker = new HistoryChecker(BOUNDS);
    const working = Promise.all(children.map((child) => ask<RowHistory>(child, { type: 'work', forMs })));
    if (isBroken)
      await breakThings({ redis, postgres, proxy, databaseUrl, checker, seed, untilMs: nowMs() + forMs * 0.7 });
    const histories = await working;

    for (const { worker, stalls, invalidations } of histories) {
      for (const invalidation of invalidations) checker.addInvalidation(invalidation);
      for (const stall of stalls) checker.disturbances.push({ name: 'stalled', worker, ...stall });
    }
    const violations = checker.check(histories.flatMap(({ reads }) => reads));
    return { ...sumOf(histories), ...(await settled()), violations, checked: checker.checked, raced: checker.raced };

    /** The values that all read when nothing happens any more; once they agree with the database, or after a while. */
    async function settled(): Promise<Pick<RowReport, 'final'>> {
      const rows = await postgres.query<{ text: string }>('select text from notes order by id', [], databaseUrl);
      const database = rows.map(({ text }) => text);
      let read: string[][] = [];
      await eventually(async () => {
        read = await Promise.all(children.map((child) => ask<string[]>(child, { type: 'readAll' })));
        if (read.some((texts) => texts.join() !== database.join())) throw new Error('They differ.');
      }).catch(() => undefined);
      return { final: { workers: read, database } };
    }
  } finally {
    for (const child of children) child.kill();
    await proxy.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  }
}

function start(setup: RowWorkerSetup): ChildProcess {
  return fork(ENTRY, [JSON.stringify(setup)], {
    execArgv: ['--import', HOOKS, '--enable-source-maps'],
    env: { ...process.env, NODE_OPTIONS: '' },
    serialization: 'advanced',
  });
}

async function ask<T>(child: ChildProcess, task: RowTask): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  child.send(task);
  return (await answered)[0];
}

interface Breakable {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly proxy: TcpProxy;
  readonly databaseUrl: string;
  readonly checker: HistoryChecker;
  readonly seed: number;
  readonly untilMs: number;
}

/** Connections to the database break or fall silent in the middle of statements and commits, and announcements are lost. */
async function breakThings(things: Breakable): Promise<void> {
  const random = seededRandom(things.seed);
  while (nowMs() < things.untilMs) {
    await delay(100 + random() * 300);
    const kind = random();
    if (kind < 0.45) await terminateBackends(things);
    else if (kind < 0.52) await stall(things.proxy, 20 + random() * 100);
    else await cutSubscribers(things);
  }
}

async function terminateBackends({ postgres, databaseUrl }: Breakable): Promise<void> {
  await postgres.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'larder' and datname = current_database()
     and state <> 'idle' order by random() limit 2`,
    [],
    databaseUrl,
  );
}

/** A connection that carried anything meanwhile stays silent. */
async function stall({ faults }: TcpProxy, forMs: number): Promise<void> {
  faults.isBlackhole = true;
  await delay(forMs);
  faults.isBlackhole = false;
}

async function cutSubscribers({ redis, checker }: Breakable): Promise<void> {
  const cut = { name: 'subscribers cut', startMs: nowMs(), endMs: Infinity, boundMs: BUS_FAULT_MS };
  checker.disturbances.push(cut);
  await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  cut.endMs = nowMs();
}

function sumOf(histories: readonly RowHistory[]) {
  const sum = (of: (history: RowHistory) => number) => histories.reduce((total, history) => total + of(history), 0);
  const errors: Record<string, number> = {};
  for (const history of histories)
    for (const [message, count] of Object.entries(history.errors)) errors[message] = (errors[message] ?? 0) + count;
  return {
    errors,
    writes: sum(({ invalidations }) => invalidations.length),
    uncommitted: sum(({ uncommitted }) => uncommitted),
    rolledBack: sum(({ rolledBack }) => rolledBack),
    hits: sum(({ hits }) => hits),
    fillsRejected: sum(({ fillsRejected }) => fillsRejected),
  };
}
