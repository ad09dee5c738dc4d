/**
 * The memory tier's store: a map bounded in bytes. It knows nothing of time, tags or freshness; the engine keeps those
 * in what it stores and removes what is no longer valid.
 *
 * @typeParam E the stored entry. An entry is in one store at a time, under one key.
 */
export interface MemoryTier<E extends Resident> {
  /** The entry, noting the use for the eviction policy. O(1), no allocation. */
  get(key: string): E | undefined;
  /** The entry, without noting a use. */
  peek(key: string): E | undefined;
  /** Stores or replaces. An entry larger than the whole bound is not stored and returns `false`. */
  set(key: string, entry: E): boolean;
  /** Whether there was one. */
  delete(key: string): boolean;
  clear(): void;
  /** Every entry once, also while entries are added and deleted. */
  values(): MapIterator<E>;
  readonly count: number;
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/**
 * A stored entry with its place in the store: a hit then finds all it needs in one object, and large stores are not read
 * at twice the cache misses. All but `sizeBytes` is the store's to set.
 */
export interface Resident {
  /** Bytes of key, value and bookkeeping, as estimated when stored. */
  readonly sizeBytes: number;
  key: string;
  /** Uses since it entered its queue, counted to 3. */
  uses: number;
  queue: object | undefined;
  newer: Resident | undefined;
  older: Resident | undefined;
}
