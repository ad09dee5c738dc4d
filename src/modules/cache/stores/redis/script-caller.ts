import type { Clock } from '../../../../common/clock.js';
import {
  type CommandArgument,
  type CommandKind,
  type RedisPool,
  type RedisScript,
  sendScript,
} from '../../../redis/library.js';
import { TimedCommands } from './timed-commands.js';

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
  readonly #commands: TimedCommands;

  constructor(
    private readonly pool: RedisPool,
    clock: Clock,
    /** Past this a write is given up. */
    readonly commandTimeoutMs: number,
  ) {
    this.#commands = new TimedCommands(pool, clock);
  }

  /** How long a caller waits for what it can do without. */
  budgetMs(): number {
    return 2 * this.pool.monitor.readBudgetMs();
  }

  call(
    kind: CommandKind,
    patience: Patience,
    script: RedisScript,
    keys: readonly string[],
    args: readonly CommandArgument[],
  ): Promise<unknown> {
    const limitMs =
      patience === 'command' ? this.commandTimeoutMs : Math.max(this.budgetMs(), patience === 'budget' ? 0 : patience);
    const lane = isLarge(keys, args) ? 'bulk' : 'fast';
    return new Promise((resolve) => {
      this.#commands.run(
        lane,
        kind,
        limitMs,
        (client, listener) => sendScript(client, script, keys, args, listener),
        resolve,
      );
    });
  }
}

function isLarge(keys: readonly string[], args: readonly CommandArgument[]): boolean {
  if (keys.length > MAX_FAST_KEYS) return true;
  let bytes = 0;
  for (const arg of args) if (Buffer.isBuffer(arg)) bytes += arg.length;
  return bytes > MAX_FAST_BYTES;
}
