import type { Clock, TimerHandle } from '../../../common/clock.js';
import type { RedisPool, ServerIdentity } from '../../redis/index.js';
import type { MemorySessionStore } from './memory.session-store.js';
import type { RedisSessionStore } from './redis.session-store.js';
import type { RevocationJournal } from './revocation-journal.js';

/** What a single operation that failed left behind is written back after this. */
const RETRY_MS = 250;

/** What a recovery works with. */
export interface SessionRecoveryOptions {
  readonly pool: RedisPool;
  /** A store that may be used before Redis is trusted. */
  readonly redis: RedisSessionStore;
  readonly local: MemorySessionStore;
  readonly journal: RevocationJournal;
  readonly clock: Clock;
}

/**
 * Makes Redis true again before it is trusted: first it is told the revocations it missed or may have forgotten, then the
 * sessions that went on in memory are written back. One at a time; repeated by itself until nothing waits.
 */
export class SessionRecovery {
  private readonly detach: () => void;
  private running: Promise<void> | undefined;
  private timer: TimerHandle | undefined;

  constructor(private readonly options: SessionRecoveryOptions) {
    this.detach = options.pool.monitor.addRecoveryStep((server) => this.recover(server));
  }

  /** Writes back soon, also when Redis was never judged to be away. */
  soon(): void {
    const { pool, clock } = this.options;
    this.timer ??= clock.setTimer(() => {
      this.timer = undefined;
      // While Redis is away, its recovery does it.
      const attempt = pool.monitor.canWrite() ? this.run(false) : Promise.reject(new Error('Redis is away'));
      attempt.catch(() => this.soon());
    }, RETRY_MS);
  }

  /** Writes back what still waits, when Redis is well, and stops. */
  async close(): Promise<void> {
    this.detach();
    this.timer?.cancel();
    if (this.options.pool.monitor.canWrite()) await this.run(false).catch(() => undefined);
  }

  private async recover({ isWritable, mayHaveLostWrites }: ServerIdentity): Promise<void> {
    // What is revoked or changed here stays so here; it is written back once Redis takes writes again.
    if (isWritable) await this.run(mayHaveLostWrites);
  }

  private async run(hasForgotten: boolean): Promise<void> {
    await this.running?.catch(() => undefined);
    await (this.running = this.writeBack(hasForgotten));
  }

  private async writeBack(hasForgotten: boolean): Promise<void> {
    const { redis, local, journal, clock } = this.options;
    for (let isFirst = true; ; isFirst = false) {
      // Before the journal is read: whoever is dead in here because of it is in there then.
      const waiting = local.known();
      const revocations = journal.list(hasForgotten && isFirst);
      if (waiting.length === 0 && revocations.length === 0) return;
      for (const revocation of revocations) {
        await redis.replay(revocation.target, clock.nowMs() - revocation.atMs);
        revocation.isAcknowledged = true;
      }
      for (const [id, slot] of waiting) {
        await (slot === 'dead' ? redis.replay({ id }, 0) : redis.restore(slot));
        // Unless it changed meanwhile: then once more.
        if (local.slotOf(id) === slot) local.forget(id);
      }
    }
  }
}
