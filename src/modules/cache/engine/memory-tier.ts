/**
 * The memory tier's store: a map bounded in bytes. It knows nothing of time, tags or freshness; the engine keeps those
 * in what it stores and removes what is no longer valid.
 *
 * @typeParam E what is stored; its `sizeBytes` is read once, when it is set.
 */
export interface MemoryTier<E extends Sized> {
  /** The entry, noting the use for the eviction policy. O(1), no allocation. */
  get(key: string): E | undefined;
  /** The entry, without noting a use. */
  peek(key: string): E | undefined;
  /** Stores or replaces. An entry larger than the whole bound is not stored and returns `false`. */
  set(key: string, entry: E): boolean;
  /** Whether there was one. */
  delete(key: string): boolean;
  clear(): void;
  /** Visits every entry; the visitor may delete the one it is given. */
  forEach(visit: (entry: E, key: string) => void): void;
  readonly count: number;
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/** What the bound is measured in. */
export interface Sized {
  /** Bytes of key, value and bookkeeping, as estimated when stored. */
  readonly sizeBytes: number;
}
