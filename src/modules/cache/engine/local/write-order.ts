/**
 * Keeps the writes of one key by this instance in the order they were called. Without it a `set` that is still on its way
 * (large values travel on connections of their own) could land after a `delete` that was called later and is long
 * acknowledged. Writes of other keys are not held up.
 */
export class WriteOrder {
  /** The last put of each key that is under way. */
  readonly #puts = new Map<string, Promise<unknown>>();

  /** Runs a put after those of its key that were begun before. */
  put<T>(memoryKey: string, run: () => Promise<T>): Promise<T> {
    const earlier = this.#puts.get(memoryKey);
    const put = earlier === undefined ? run() : earlier.then(run, run);
    this.#puts.set(memoryKey, put);
    const forget = (): void => {
      if (this.#puts.get(memoryKey) === put) this.#puts.delete(memoryKey);
    };
    put.then(forget, forget);
    return put;
  }

  /** Resolves when the puts of these keys that are under way now have ended, however they did. */
  async settled(memoryKeys: readonly string[]): Promise<void> {
    if (this.#puts.size === 0) return;
    await Promise.allSettled(memoryKeys.map(async (memoryKey) => this.#puts.get(memoryKey)));
  }
}
