/**
 * A map with weak references to its values. A value without other references is removed with its key. While a value is
 * referenced, every `get` of its key returns the same object.
 */
export class WeakValues<V extends WeakKey> {
  readonly #references = new Map<string, WeakRef<V>>();
  readonly #collected = new FinalizationRegistry<{ key: string; reference: WeakRef<V> }>(({ key, reference }) => {
    // The key may have a new value by now.
    if (this.#references.get(key) === reference) this.#references.delete(key);
  });

  /** Number of keys, also of values that are about to be removed. */
  get size(): number {
    return this.#references.size;
  }

  get(key: string): V | undefined {
    return this.#references.get(key)?.deref();
  }

  set(key: string, value: V): void {
    const reference = new WeakRef(value);
    this.#references.set(key, reference);
    this.#collected.register(value, { key, reference });
  }

  *values(): Generator<V> {
    for (const reference of this.#references.values()) {
      const value = reference.deref();
      if (value !== undefined) yield value;
    }
  }
}
