import type { Clock } from '../../../common/clock.js';

/** A loader that waits for another load of its own namespace would wait for ever behind a full gate. */
const MAX_WAIT_MS = 5_000;

/**
 * Lets at most `limit` loaders run at once; more wait in the order they came. Protects the source of truth when many
 * keys miss together, as after an outage of Redis. Whoever has waited too long goes on all the same: the cap protects the
 * source and must not stop loaders that wait for each other.
 */
export class LoadGate {
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {
    if (!(limit >= 1)) throw new RangeError('maxConcurrentLoads is at least 1.');
  }

  async run<T>(load: () => Promise<T> | T): Promise<T> {
    if (this.#running >= this.limit) await this.#turn();
    this.#running++;
    try {
      return await load();
    } finally {
      this.#running--;
      const [next] = this.#waiting;
      if (next !== undefined && this.#running < this.limit) next();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        this.#waiting.delete(go);
        resolve();
      };
      const timer = this.clock.setTimer(go, MAX_WAIT_MS);
      this.#waiting.add(go);
    });
  }
}
