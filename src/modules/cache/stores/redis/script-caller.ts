import {
  type CommandArgument,
  type CommandKind,
  type RedisPool,
  type RedisScript,
  sendScript,
} from '../../../redis/library.js';
import type { TimedCommands } from './timed-commands.js';

/** Larger arguments take the bulk lane, where no small command waits behind them. */
const MAX_FAST_BYTES = 64 * 1024;
const MAX_FAST_KEYS = 16;
/** Large arguments take their time on the wire and in Redis: a limit grows with them. */
const BYTES_PER_MS = 50 * 1024;

/**
 * How long a caller waits: `budget` for a step that a read can do without (a lease), following the monitor's measured latency;
 * a number of milliseconds for a caller that waits at least so long; `command` for a step that should happen if it can (a
 * fill, a write, an invalidation).
 */
export type TimeLimit = 'budget' | 'command' | number;

/**
 * Runs scripts with a time limit and reports their outcome to the monitor. The only place that handles a script's failure:
 * the answer is `undefined`, for any reason. A script that was given up may still run in Redis later. Fills are fenced
 * by their lease, puts by their deadline, and an invalidation that runs twice costs misses.
 */
export class ScriptCaller {
  constructor(
    private readonly pool: RedisPool,
    private readonly commands: TimedCommands,
    /** A write is given up after this, milliseconds. */
    readonly commandTimeoutMs: number,
  ) {}

  /** How long a caller waits for a step that it can do without, milliseconds. */
  budgetMs(): number {
    return 2 * this.pool.monitor.readBudgetMs();
  }

  call(
    kind: CommandKind,
    limit: TimeLimit,
    script: RedisScript,
    keys: readonly string[],
    args: readonly CommandArgument[],
  ): Promise<unknown> {
    const bytes = bytesOf(args);
    const lane = keys.length > MAX_FAST_KEYS || bytes > MAX_FAST_BYTES ? 'bulk' : 'fast';
    const givenMs =
      limit === 'command' ? this.commandTimeoutMs : Math.max(this.budgetMs(), limit === 'budget' ? 0 : limit);
    const limitMs = givenMs + bytes / BYTES_PER_MS;
    return new Promise((resolve) => {
      this.commands.run(
        lane,
        kind,
        limitMs,
        (client, listener) => sendScript(client, script, keys, args, listener),
        resolve,
      );
    });
  }
}

function bytesOf(args: readonly CommandArgument[]): number {
  let bytes = 0;
  for (const arg of args) if (Buffer.isBuffer(arg)) bytes += arg.length;
  return bytes;
}
