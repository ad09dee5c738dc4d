/**
 * A map of at most `maxSize` entries: one more, and the entry that was set longest ago goes. `set` makes an entry the
 * newest, also one that is there already.
 *
 * Finding the oldest entry takes constant time on average. A new iterator of a `Map` first walks over the places of all
 * deleted entries, so one iterator is kept between evictions. An iterator that is kept also keeps every table that V8 has
 * replaced since the iterator moved last (some 60 bytes for each write), so it is given up after `maxSize` writes.
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  #oldest: MapIterator<[K, V]> | undefined;
  /** Writes since {@link #oldest} was made. */
  #writes = 0;

  /** @param maxSize entries, 1 or more. */
  constructor(private readonly maxSize: number) {}

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Stores the value as the newest entry. Returns the entry that had to go for it, if any. */
  set(key: K, value: V): readonly [K, V] | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (++this.#writes > this.maxSize) this.#forgetIterator();
    return this.#entries.size > this.maxSize ? this.deleteOldest() : undefined;
  }

  /** Returns whether the key was there. */
  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** Deletes the entry that was set longest ago and returns it; `undefined` when the map is empty. */
  deleteOldest(): readonly [K, V] | undefined {
    if (this.#entries.size === 0) return undefined;
    this.#oldest ??= this.#entries.entries();
    const oldest = this.#oldest.next().value!;
    this.#entries.delete(oldest[0]);
    return oldest;
  }

  clear(): void {
    this.#entries.clear();
    this.#forgetIterator();
  }

  /** Oldest first. */
  keys(): MapIterator<K> {
    return this.#entries.keys();
  }

  /** Oldest first. */
  values(): MapIterator<V> {
    return this.#entries.values();
  }

  #forgetIterator(): void {
    this.#oldest = undefined;
    this.#writes = 0;
  }
}
