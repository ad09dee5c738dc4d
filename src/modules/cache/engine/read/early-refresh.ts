import { BoundedMap } from '../../../../common/bounded-map.js';
import type { Clock } from '../../../../common/clock.js';

/** After an early refresh that failed, or that another instance had begun, the next one waits for this long. */
const BACKOFF_MS = 1_000;
/** Past this the oldest keys are forgotten. */
const MAX_KEYS = 10_000;

/** The figures of an entry that decide when it is refreshed. Times on one clock, milliseconds. */
export interface RefreshableEntry {
  /** Duration of the load that made the entry. */
  readonly loadMs: number;
  readonly freshUntilMs: number;
}

/**
 * Decides when an entry is reloaded before it expires (XFetch, Vattani, Chierichetti and Lowenstein, VLDB 2015): with a
 * probability that grows as the expiry nears, the sooner the longer a load takes. An entry near its end is due at almost every
 * hit, so a refresh that came to nothing is not tried again at once.
 */
export class EarlyRefresh {
  readonly #backoffUntilMs = new BoundedMap<string, number>(MAX_KEYS);

  /** The last refresh of each key that is under way. */
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(private readonly clock: Clock) {}

  isDue({ loadMs, freshUntilMs }: RefreshableEntry, nowMs: number, beta: number): boolean {
    return beta > 0 && nowMs - loadMs * beta * Math.log(Math.random()) >= freshUntilMs;
  }

  isBackingOff(memoryKey: string): boolean {
    const untilMs = this.#backoffUntilMs.get(memoryKey);
    if (untilMs === undefined) return false;
    if (this.clock.nowMs() < untilMs) return true;
    this.#backoffUntilMs.delete(memoryKey);
    return false;
  }

  /** True while a refresh of the key is under way: the value that it replaces may still be served. */
  isRunning(memoryKey: string): boolean {
    return this.#running.has(memoryKey);
  }

  /** Follows a refresh to its end. It rejects if it failed, or if another instance has begun one. */
  run(memoryKey: string, refresh: Promise<unknown>): void {
    this.#running.set(memoryKey, refresh);
    const end = (): void => {
      if (this.#running.get(memoryKey) === refresh) this.#running.delete(memoryKey);
    };
    refresh.then(end, () => {
      end();
      this.#backoffUntilMs.set(memoryKey, this.clock.nowMs() + BACKOFF_MS);
    });
  }
}
