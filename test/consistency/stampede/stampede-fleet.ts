import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RedisServer } from '../../support/redis-server.js';
import { nowMs } from '../world.js';

/** Many callers at one moment. */
export interface Burst {
  readonly type: 'burst';
  readonly key: string;
  /** In each process. */
  readonly callers: number;
  readonly loadMs: number;
  readonly startAtMs: number;
}

/** One caller after the other, for a while. */
export interface Steady {
  readonly type: 'steady';
  readonly key: string;
  readonly loadMs: number;
  readonly ttlMs: number;
  /** Of early refresh. */
  readonly beta: number;
  readonly everyMs: number;
  readonly startAtMs: number;
  readonly forMs: number;
}

export type StampedeTask = Burst | Steady;

/** The values that one process got. */
export interface StampedeAnswer {
  readonly values: readonly number[];
  readonly longestMs: number;
}

type Unscheduled<T> = T extends StampedeTask ? Omit<T, 'startAtMs'> : never;

const HOOKS = new URL('../harness/typescript.mjs', import.meta.url).href;
const ENTRY = fileURLToPath(new URL('./stampede-worker.ts', import.meta.url));
/** Time for a task to reach every process before it starts. */
const LEAD_MS = 100;

/** Processes that read the same keys at the same moment. */
export class StampedeFleet {
  private constructor(
    private readonly workers: readonly ChildProcess[],
    private readonly redis: RedisServer,
  ) {}

  static async start(redis: RedisServer, processes: number): Promise<StampedeFleet> {
    const workers = Array.from({ length: processes }, () =>
      fork(ENTRY, [redis.url], { execArgv: ['--import', HOOKS], env: { ...process.env, NODE_OPTIONS: '' } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return new StampedeFleet(workers, redis);
  }

  /** The values that all processes got, and the number of loads. */
  async run(task: Unscheduled<StampedeTask>): Promise<StampedeAnswer & { loads: number }> {
    const answers = this.workers.map((worker) => once(worker, 'message') as Promise<[StampedeAnswer]>);
    const startAtMs = nowMs() + LEAD_MS;
    for (const worker of this.workers) worker.send({ ...task, startAtMs });
    const all = (await Promise.all(answers)).map(([answer]) => answer);
    return {
      values: [...new Set(all.flatMap(({ values }) => values))].sort((a, b) => a - b),
      longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
      loads: Number(await this.redis.command('GET', `loads:${task.key}`)),
    };
  }

  close(): void {
    for (const worker of this.workers) worker.kill();
  }
}
