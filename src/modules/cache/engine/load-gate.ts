/**
 * Lets at most `limit` loaders run at once; more wait in the order they came. Protects the source of truth when many
 * keys miss together, as after an outage of Redis.
 */
export class LoadGate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {
    if (!(limit >= 1)) throw new RangeError('maxConcurrentLoads is at least 1.');
  }

  get running(): number {
    return this.#running;
  }

  async run<T>(load: () => Promise<T> | T): Promise<T> {
    if (this.#running >= this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await load();
    } finally {
      // A waiting loader takes this one's place without the count moving.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
