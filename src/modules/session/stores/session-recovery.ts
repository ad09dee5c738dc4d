import type { Clock, TimerHandle } from '../../../common/clock.js';
import type { RedisPool, ServerIdentity } from '../../redis/index.js';
import type { MemorySessionStore } from './memory.session-store.js';
import { type RedisSessionStore, REVOCATION_BATCH } from './redis.session-store.js';
import type { Revocation, RevocationJournal, RevocationTarget } from './revocation-journal.js';

/** Delay before local changes are written back after a single failed operation. */
const RETRY_MS = 250;

type RevocationOfMany = Exclude<RevocationTarget, { id: string }>;

/** The parts of a recovery. */
export interface SessionRecoveryOptions {
  readonly pool: RedisPool;
  /** A store that works during the recovery of Redis, before Redis is used for anything else. */
  readonly redis: RedisSessionStore;
  readonly local: MemorySessionStore;
  readonly journal: RevocationJournal;
  readonly clock: Clock;
}

/**
 * Brings Redis up to date before it is used again. First it repeats the revocations that Redis has missed or may have
 * lost, then it writes back the sessions that went on in memory. One run at a time, repeated until nothing is pending.
 */
export class SessionRecovery {
  private readonly detach: () => void;
  private running: Promise<void> | undefined;
  private timer: TimerHandle | undefined;

  constructor(private readonly options: SessionRecoveryOptions) {
    this.detach = options.pool.monitor.addRecoveryStep((server) => this.recover(server));
  }

  /** Writes back after a short delay, also when Redis was never considered to be away. */
  schedule(): void {
    const { pool, clock } = this.options;
    this.timer ??= clock.setTimer(() => {
      this.timer = undefined;
      // While Redis is away this waits; its recovery writes back then.
      const attempt = pool.monitor.canWrite() ? this.run(false) : Promise.reject(new Error('Redis is away'));
      attempt.catch(() => this.schedule());
    }, RETRY_MS);
  }

  /** Writes back the pending changes, if Redis works, and stops. */
  async close(): Promise<void> {
    this.detach();
    this.timer?.cancel();
    if (this.options.pool.monitor.canWrite()) await this.run(false).catch(() => undefined);
  }

  private async recover({ isWritable, mayHaveLostWrites }: ServerIdentity): Promise<void> {
    // Changes stay in this instance until Redis accepts writes again.
    if (isWritable) await this.run(mayHaveLostWrites);
  }

  private async run(mayHaveLostWrites: boolean): Promise<void> {
    await this.running?.catch(() => undefined);
    await (this.running = this.writeBack(mayHaveLostWrites));
  }

  private async writeBack(mayHaveLostWrites: boolean): Promise<void> {
    const { redis, local, journal } = this.options;
    for (let isFirst = true; ; isFirst = false) {
      // Read before the journal: every session that a revocation has ended in here is then in the journal too.
      const pending = local.entries();
      const revocations = journal.list(mayHaveLostWrites && isFirst ? 'all' : 'pending');
      if (pending.length === 0 && revocations.length === 0) return;
      await this.replay(revocations);
      const isDead = ([, state]: (typeof pending)[number]) => state === 'dead';
      for (const batch of batchesOf(pending.filter(isDead))) await redis.replayIds(batch.map(([id]) => id));
      for (const [, state] of pending) if (state !== 'dead') await redis.restore(state);
      // A session that changed meanwhile is written again in the next round.
      for (const [id, state] of pending) if (local.stateOf(id) === state) local.forget(id);
    }
  }

  /** The order is of no consequence: a revocation of many leaves alone what began after it. */
  private async replay(revocations: readonly Revocation[]): Promise<void> {
    const { redis, journal, clock } = this.options;
    const [single, many] = [new Map<Revocation, string>(), new Map<Revocation, RevocationOfMany>()];
    for (const revocation of revocations) {
      const { target } = revocation;
      if ('id' in target) single.set(revocation, target.id);
      else many.set(revocation, target);
    }
    for (const batch of batchesOf([...single])) {
      await redis.replayIds(batch.map(([, id]) => id));
      for (const [revocation] of batch) journal.acknowledge(revocation);
    }
    for (const [revocation, target] of many) {
      await redis.replay(target, clock.nowMs() - revocation.atMs);
      journal.acknowledge(revocation);
    }
  }
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += REVOCATION_BATCH)
    batches.push(items.slice(start, start + REVOCATION_BATCH));
  return batches;
}
