import type { Clock } from '../../../../common/clock.js';
import {
  type CommandKind,
  type RedisPool,
  type RedisScript,
  runScript,
  type ScriptArgument,
} from '../../../redis/core.js';

/** Larger arguments go the lane where nobody waits behind them. */
const MAX_FAST_BYTES = 64 * 1024;
const MAX_FAST_KEYS = 16;

/**
 * How long a caller waits: `budget` for what a read can do without (a lease), following the monitor's measured
 * latency, a number of milliseconds for a caller with more patience than that; `command` for what should happen if it can
 * (a fill, a write, an invalidation).
 */
export type Patience = 'budget' | 'command' | number;

/**
 * Runs scripts with a time limit and tells the monitor how it went. The one place where a script's failure is dealt
 * with: the answer is `undefined`, whatever the reason. A script that is given up may still run in Redis later; fills
 * are fenced by their lease, puts by their deadline, and an invalidation that runs twice costs misses.
 */
export class ScriptCaller {
  constructor(
    private readonly pool: RedisPool,
    private readonly clock: Clock,
    /** Past this a write is given up. */
    readonly commandTimeoutMs: number,
  ) {}

  /** How long a caller waits for what it can do without. */
  budgetMs(): number {
    return 2 * this.pool.monitor.readBudgetMs();
  }

  call(
    kind: CommandKind,
    patience: Patience,
    script: RedisScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    const { monitor } = this.pool;
    const askedAtMs = this.clock.nowMs();
    const timeoutMs =
      patience === 'command' ? this.commandTimeoutMs : Math.max(this.budgetMs(), patience === 'budget' ? 0 : patience);
    const isLarge =
      keys.length > MAX_FAST_KEYS ||
      args.reduce<number>((sum, arg) => sum + (Buffer.isBuffer(arg) ? arg.length : 0), 0) > MAX_FAST_BYTES;
    return new Promise((resolve) => {
      let isOpen = true;
      const settle = (answer: unknown, error?: unknown): void => {
        if (!isOpen) return;
        isOpen = false;
        timer.cancel();
        if (error === undefined) monitor.recordSuccess(kind, this.clock.nowMs() - askedAtMs);
        else monitor.recordFailure(kind, error);
        resolve(answer);
      };
      // After a stall of the event loop the timer fires before an answer that is already here is read: look once more.
      const timer = this.clock.setTimer(
        () => setImmediate(settle, undefined, new Error('Command timed out')),
        timeoutMs,
      );
      try {
        runScript(this.pool.client(isLarge ? 'bulk' : 'fast'), script, keys, args).then(settle, (error: unknown) =>
          settle(undefined, error),
        );
      } catch (error) {
        settle(undefined, error);
      }
    });
  }
}
