import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';

/** A version that is no longer true since an instance said so. */
interface Change {
  /** When the invalidation was answered, ms; `Infinity` while it is under way. */
  invalidatedAtMs: number;
  readonly by: Cache;
}

/** The source of the cached values: per key a version that only grows, and when each older one was invalidated. */
export class SourceOfTruth {
  readonly #changes = new Map<string, Change[]>();

  constructor(readonly keys: readonly string[]) {
    for (const key of keys) this.#changes.set(key, []);
  }

  /** The version that is true now; the first is 0. */
  versionOf(key: string): number {
    return this.#changes.get(key)!.length;
  }

  /** Makes a new version, then invalidates the one before it. */
  async change(key: string, by: Cache, invalidate: () => Promise<unknown>): Promise<void> {
    const change: Change = { invalidatedAtMs: Number.POSITIVE_INFINITY, by };
    this.#changes.get(key)!.push(change);
    await invalidate();
    change.invalidatedAtMs = performance.now();
  }

  /** Age, when a read began, of the invalidation of the value that it returned, ms; negative without one. */
  staleMs(key: string, version: number, readAtMs: number): number {
    return readAtMs - Math.min(...this.#after(key, version).map(({ invalidatedAtMs }) => invalidatedAtMs));
  }

  /** Whether the reading instance had itself invalidated the value before it read it. */
  isStaleFor(reader: Cache, key: string, version: number, readAtMs: number): boolean {
    return this.#after(key, version).some(({ by, invalidatedAtMs }) => by === reader && invalidatedAtMs <= readAtMs);
  }

  #after(key: string, version: number): Change[] {
    return this.#changes.get(key)!.slice(version);
  }
}
