import type { Clock, TimerHandle } from '../../../common/clock.js';
import type { SessionEvents } from '../session-events.js';
import type { SweptSessionStore } from './session-store.js';

const INTERVAL_MS = 5_000;
/** Sessions of one step: a millisecond of Redis, or one short statement. */
const BATCH = 100;
/** Steps of one sweep; the next one goes on. */
const MAX_STEPS = 100;

/** Deletes expired sessions at intervals, in small steps, and tells of each. Every instance does it; each session is found by one. */
export class SessionSweeper {
  private timer: TimerHandle | undefined;
  private isStopped = false;

  constructor(
    private readonly store: Pick<SweptSessionStore, 'sweep'>,
    private readonly events: SessionEvents,
    private readonly clock: Clock,
  ) {
    this.schedule();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private schedule(): void {
    this.timer = this.clock.setTimer(() => {
      // While the store is away nothing is swept; later sweeps find what this one left.
      void this.sweep()
        .catch(() => undefined)
        .finally(() => {
          if (!this.isStopped) this.schedule();
        });
    }, INTERVAL_MS);
  }

  private async sweep(): Promise<void> {
    for (let step = 0; step < MAX_STEPS && !this.isStopped; step++) {
      const { expired, hasMore } = await this.store.sweep(BATCH);
      for (const session of expired) this.events.emit({ type: 'expired', ...session });
      if (!hasMore) return;
    }
  }
}
