import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer } from '../support/redis-server.js';
import { seededRandom } from '../support/seeded-random.js';
import { ALL_FAULTS, type FaultName, type FaultReach, FAULTS, type FaultTargets } from './faults.js';
import { type Bounds, HistoryChecker, type Violation } from './history-checker.js';
import { KeyLocks } from './key-locks.js';
import { type EvictionPolicy, MemoryPressure } from './memory-pressure.js';
import { type FromWorker, OPERATIONS, READ_FIELDS, type ReadEvent } from './protocol.js';
import { SourceOfTruth } from './source-of-truth.js';
import type { SubjectName } from './subjects/subjects.js';
import { SubscriberProxy } from './subscriber-proxy.js';
import { traceOf } from './trace.js';
import { WorkerProcess } from './worker-process.js';
import { MAX_LOAD_MS, nowMs } from './world.js';

/** Options of a run. */
export interface ConsistencyOptions {
  readonly subject: SubjectName;
  readonly seed: number;
  /** Rounds go on until this many reads were checked. Default 1: one round. */
  readonly reads?: number;
  /** Processes. Default 4. */
  readonly workers?: number;
  /** Operations under way at once in each. Default 12. */
  readonly loops?: number;
  /** Mean pause after an operation, ms. Default 0. */
  readonly pauseMs?: number;
  /** Length of a round, ms: faults in its first part, none in the rest. Default 30,000. */
  readonly roundMs?: number;
  /** Default all; `[]` for none. */
  readonly faults?: readonly FaultName[];
  /** Redis has little memory in the first part of a round, under this policy. Default: as much as it wants. */
  readonly policy?: EvictionPolicy;
  /** Stops after this many violations. Default 20. */
  readonly maxViolations?: number;
  /** Called with the figures of each round. */
  readonly onRound?: (report: ConsistencyReport) => void;
}

/** The result of a run. */
export interface ConsistencyReport {
  readonly subject: SubjectName;
  readonly seed: number;
  readonly rounds: number;
  readonly operations: number;
  readonly reads: number;
  readonly checked: number;
  readonly raced: number;
  readonly invalidations: { readonly applied: number; readonly queued: number };
  readonly faults: Readonly<Record<string, number>>;
  readonly staleWithinBound: number;
  readonly longestStaleMs: { readonly quiet: number; readonly fault: number };
  readonly violations: readonly Violation[];
  /** The violations with the events of their keys around them. */
  readonly traces: readonly string[];
  /** Failures of operations that no source and no timeout explains, by text. */
  readonly errors: Readonly<Record<string, number>>;
  readonly stats: Readonly<Record<string, number>>;
  /** What the lack of memory did, all rounds together; only with a policy. */
  readonly pressure?: { readonly evicted: number; readonly refused: number };
}

/** Time that the bus may take on a busy machine. A broken part is well again soon after it was mended. */
export const BOUNDS: Bounds = { busMs: 250, settleMs: 6_000 };

/**
 * Larder's promise while something is broken. Announcements that are lost are read from the log within a heartbeat
 * (500 ms). While Redis is away, memory serves entries that were confirmed within two heartbeats and `unconfirmedMs` (2 s), and
 * entries that were stored meanwhile for 5 s; a load that began before the invalidation may end that much later.
 */
const FAULT_BOUNDS_MS: Record<FaultReach, number> = { bus: 500 + 500, redis: 5_000 + MAX_LOAD_MS + 250 };

/** Faults take this share of a round; in the rest everything has time to be well again. */
const FAULTY_SHARE = 0.6;
/** A write that was given up can't run in Redis any more after this. */
const GHOST_MS = 1_000;

/** Runs workers on one Redis, injects faults, and checks the values that were read. */
export async function runConsistency(options: ConsistencyOptions): Promise<ConsistencyReport> {
  const run = await ConsistencyRun.start(options);
  try {
    return await run.toEnd();
  } finally {
    await run.close();
  }
}

class ConsistencyRun {
  private readonly checker = new HistoryChecker(BOUNDS);
  private readonly locks = new KeyLocks();
  private readonly random: () => number;
  private readonly workers: WorkerProcess[] = [];
  private reads: ReadEvent[] = [];
  private readonly violations: Violation[] = [];
  private readonly traces: string[] = [];
  private readonly errors: Record<string, number> = {};
  private readonly faults: Record<string, number> = {};
  private readonly stats: Record<string, number> = {};
  private readonly invalidations = { applied: 0, queued: 0 };
  private readonly pressure = { evicted: 0, refused: 0 };
  private readonly waitingForFlush = new Map<WorkerProcess, () => void>();
  private deck: FaultName[] = [];
  private totals = { rounds: 0, operations: 0, reads: 0 };

  private constructor(
    private readonly options: ConsistencyOptions,
    private readonly directory: string,
    private readonly redis: RedisServer,
    private readonly proxy: SubscriberProxy,
    private readonly source: SourceOfTruth,
  ) {
    this.random = seededRandom(options.seed);
  }

  static async start(options: ConsistencyOptions): Promise<ConsistencyRun> {
    const directory = await mkdtemp(join(tmpdir(), 'larder-consistency-'));
    const redis = await RedisServer.start();
    const proxy = await SubscriberProxy.start(redis.port);
    const run = new ConsistencyRun(options, directory, redis, proxy, SourceOfTruth.create(join(directory, 'source')));
    await Promise.all(Array.from({ length: options.workers ?? 4 }, (_, worker) => run.startWorker(worker, 0)));
    return run;
  }

  async toEnd(): Promise<ConsistencyReport> {
    const { reads = 1, maxViolations = 20, onRound } = this.options;
    do {
      await this.round();
      onRound?.(this.report());
    } while (this.checker.checked < reads && this.violations.length < maxViolations);
    return this.report();
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.proxy.close();
    await this.redis.stop();
    this.source.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async startWorker(worker: number, incarnation: number): Promise<void> {
    const { subject, seed, loops = 12, pauseMs = 0 } = this.options;
    const setup = {
      worker,
      incarnation,
      subject,
      seed,
      loops,
      pauseMs,
      // The first one's subscriber can be made deaf.
      redisUrl: worker === 0 ? this.proxy.url : this.redis.url,
      outboxFile: join(this.directory, `outbox-${worker}`),
      sourceFile: join(this.directory, 'source'),
    };
    this.workers[worker] = await WorkerProcess.start(setup, (message, from) => this.receive(message, from));
  }

  private async round(): Promise<void> {
    const { roundMs = 30_000, faults = ALL_FAULTS } = this.options;
    const startMs = nowMs();
    this.broadcast({ type: 'run' });
    await this.fillMemory(roundMs * FAULTY_SHARE);
    while (faults.length > 0 && nowMs() - startMs < roundMs * FAULTY_SHARE) {
      await delay(100 + this.random() * 900);
      await this.breakSomething(faults);
    }
    await delay(Math.max(0, roundMs - (nowMs() - startMs)));
    await this.flush();
    this.totals.rounds++;
    this.totals.reads += this.reads.length;
    for (const violation of this.checker.check(this.reads)) {
      this.violations.push(violation);
      if (this.traces.length < 10) this.traces.push(traceOf(violation, this.reads, this.checker));
    }
    this.reads = [];
  }

  /** Redis lacks memory for so long, if a policy was given. */
  private async fillMemory(forMs: number): Promise<void> {
    const { policy } = this.options;
    if (policy === undefined) return;
    const disturbance = { name: policy, startMs: nowMs(), endMs: Infinity, boundMs: FAULT_BOUNDS_MS.redis };
    this.checker.disturbances.push(disturbance);
    const pressure = await MemoryPressure.start(this.redis, policy);
    await delay(forMs);
    this.pressure.evicted += await pressure.stop();
    this.pressure.refused += pressure.refused;
    disturbance.endMs = nowMs();
  }

  /** Every fault once, in random order, then again. */
  private async breakSomething(faults: readonly FaultName[]): Promise<void> {
    if (this.deck.length === 0)
      this.deck = faults
        .map((name) => ({ name, at: this.random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ name }) => name);
    const name = this.deck.pop()!;
    const disturbance = { name, startMs: nowMs(), endMs: Infinity, boundMs: FAULT_BOUNDS_MS[FAULTS[name].reach] };
    this.checker.disturbances.push(disturbance);
    this.faults[name] = (this.faults[name] ?? 0) + 1;
    const control = this.redis.client({ maxRetriesPerRequest: null });
    try {
      await FAULTS[name].run(this.targets(control));
    } finally {
      control.disconnect();
      disturbance.endMs = nowMs();
    }
  }

  private targets(control: FaultTargets['control']): FaultTargets {
    const draw = (): number => Math.floor(this.random() * this.workers.length);
    return {
      redis: this.redis,
      control,
      proxy: this.proxy,
      random: this.random,
      stallWorker: async (forMs) => {
        this.workers[draw()]!.send({ type: 'stall', forMs });
        await delay(forMs);
      },
      killWorker: async () => {
        const worker = draw();
        await this.workers[worker]!.kill();
        await delay(GHOST_MS);
        this.locks.forget(worker);
        return worker;
      },
      reviveWorker: async (worker) => {
        await this.startWorker(worker, this.workers[worker]!.setup.incarnation + 1);
        this.workers[worker]!.send({ type: 'run' });
      },
    };
  }

  private receive(message: FromWorker, from: WorkerProcess): void {
    const { worker } = from.setup;
    switch (message.type) {
      case 'reads':
        for (let i = 0; i < message.reads.length; i += READ_FIELDS) {
          const [operation, key, startMs, endMs, version] = message.reads.subarray(i, i + READ_FIELDS) as unknown as [
            number,
            number,
            number,
            number,
            number,
          ];
          this.reads.push({ worker, operation: OPERATIONS[operation]!, key, startMs, endMs, version });
        }
        break;
      case 'invalidation':
        this.invalidations[message.event.status]++;
        this.checker.addInvalidation(message.event);
        break;
      case 'drained':
        this.checker.addDrained(worker, message.atMs);
        break;
      case 'stalled':
        this.checker.disturbances.push({ name: 'held up', worker, startMs: message.startMs, endMs: message.endMs });
        break;
      case 'error': {
        const text = `${message.operation}: ${message.message}`;
        this.errors[text] = (this.errors[text] ?? 0) + 1;
        break;
      }
      case 'write':
        this.write(message.id, message.keys, message.isExclusive, from);
        break;
      case 'release':
        this.locks.release(message.key);
        break;
      case 'flushed':
        this.totals.operations += message.operations;
        for (const [name, count] of Object.entries(message.stats)) this.stats[name] = (this.stats[name] ?? 0) + count;
        this.waitingForFlush.get(from)?.();
        break;
      case 'ready':
        break;
    }
  }

  private write(id: number, keys: readonly number[], isExclusive: boolean, from: WorkerProcess): void {
    const grant = (): void => from.send({ type: 'written', id, versions: keys.map((key) => this.source.advance(key)) });
    if (isExclusive) this.locks.acquire(keys[0]!, from.setup.worker, grant);
    else grant();
  }

  /** Everything that was read and invalidated so far has arrived here. */
  private async flush(): Promise<void> {
    for (const name of Object.keys(this.stats)) delete this.stats[name];
    const flushed = this.workers.map(
      (worker) => new Promise<void>((resolve) => this.waitingForFlush.set(worker, resolve)),
    );
    this.broadcast({ type: 'pause' });
    await Promise.all(flushed);
    this.waitingForFlush.clear();
  }

  private broadcast(message: Parameters<WorkerProcess['send']>[0]): void {
    for (const worker of this.workers) worker.send(message);
  }

  private report(): ConsistencyReport {
    const { subject, seed } = this.options;
    const { checked, raced, staleWithinBound, longestStaleMs } = this.checker;
    return {
      subject,
      seed,
      ...this.totals,
      checked,
      raced,
      staleWithinBound,
      longestStaleMs: { ...longestStaleMs },
      invalidations: { ...this.invalidations },
      faults: { ...this.faults },
      violations: [...this.violations],
      traces: [...this.traces],
      errors: { ...this.errors },
      stats: { ...this.stats },
      ...(this.options.policy !== undefined && { pressure: { ...this.pressure } }),
    };
  }
}
