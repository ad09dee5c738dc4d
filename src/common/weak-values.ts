/**
 * A map that does not keep its values: one that nobody else holds is forgotten with its key. Whoever asks while somebody
 * holds it gets the same object.
 */
export class WeakValues<V extends WeakKey> {
  readonly #references = new Map<string, WeakRef<V>>();
  readonly #collected = new FinalizationRegistry<{ key: string; reference: WeakRef<V> }>(({ key, reference }) => {
    // The key may have a new value meanwhile.
    if (this.#references.get(key) === reference) this.#references.delete(key);
  });

  /** Keys whose values are held somewhere, or were until lately. */
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
