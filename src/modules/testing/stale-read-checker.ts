/** A read that returned a version older than one whose invalidation had been acknowledged before the read began. */
export interface StaleRead {
  readonly key: string;
  readonly version: number;
  /** The oldest version that the read could have returned. */
  readonly required: number;
}

/**
 * Checks an application's own code against the promise of the cache: a read that starts after an invalidation was
 * acknowledged never returns a value that was loaded before it. Values need a version that grows with each write.
 *
 * @example
 * const checker = new StaleReadChecker();
 * await checker.write('7', 2, () => products.rename('7', 'new name')); // writes version 2, then evicts
 * await checker.read('7', () => products.find('7'), (product) => product.version);
 * checker.expectNoStaleRead();
 */
export class StaleReadChecker {
  /** Reads that had an acknowledged write of their key before them. */
  checked = 0;
  private readonly required = new Map<string, number>();
  private readonly found: StaleRead[] = [];

  get staleReads(): readonly StaleRead[] {
    return this.found;
  }

  /** Runs a write with its invalidation. Reads that start after it resolves must return this version or a later one. */
  async write<T>(key: string, version: number, run: () => Promise<T>): Promise<T> {
    const result = await run();
    this.required.set(key, Math.max(version, this.required.get(key) ?? -Infinity));
    return result;
  }

  /** Runs a read and checks the version of its result. */
  async read<T>(key: string, run: () => Promise<T>, versionOf: (value: T) => number): Promise<T> {
    const required = this.required.get(key);
    const value = await run();
    if (required === undefined) return value;
    this.checked++;
    const version = versionOf(value);
    if (version < required) this.found.push({ key, version, required });
    return value;
  }

  /** @throws Error naming the first stale read. */
  expectNoStaleRead(): void {
    const [first] = this.found;
    if (!first) return;
    const { key, version, required } = first;
    throw new Error(
      `${this.found.length} of ${this.checked} reads were stale. The first: a read of ${JSON.stringify(key)} returned version ${version}, although version ${required} was written and evicted before it began.`,
    );
  }
}
