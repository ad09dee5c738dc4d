/**
 * Keeps the writes and invalidations of this instance in the order of their calls, awaited or not.
 *
 * Without it a `set` that is still on its way (large values travel on connections of their own) could land after a `delete`
 * that was called later, or before an invalidation that was called earlier. Operations on other keys are not held up.
 */
export class WriteOrder {
  /** The last write of each key that is under way. */
  readonly #writes = new Map<string, Promise<unknown>>();
  /** The invalidations of each tag or generation that are under way, as one promise. */
  readonly #invalidations = new Map<string, Promise<unknown>>();

  /** Runs a write after the earlier writes of its keys; at once if there are none. */
  write<T>(memoryKeys: readonly string[], run: () => Promise<T>): Promise<T> {
    const earlier = pending(this.#writes, memoryKeys);
    const write = earlier === undefined ? run() : earlier.then(run);
    for (const memoryKey of memoryKeys) track(this.#writes, memoryKey, write);
    return write;
  }

  /** Resolves when the writes of these keys that are under way now have ended, whatever their result. */
  async writesOf(memoryKeys: readonly string[]): Promise<void> {
    await pending(this.#writes, memoryKeys);
  }

  /** Runs an invalidation at once, and lets later calls wait for it. */
  invalidate<T>(ids: readonly string[], run: () => Promise<T>): Promise<T> {
    const invalidation = run();
    for (const id of ids) {
      const earlier = this.#invalidations.get(id);
      track(
        this.#invalidations,
        id,
        earlier === undefined ? invalidation : Promise.allSettled([earlier, invalidation]),
      );
    }
    return invalidation;
  }

  /**
   * Resolves when the invalidations of these tags and generations that are under way now have ended, whatever their result.
   * `undefined` if there are none.
   */
  invalidationsOf(ids: readonly string[]): Promise<unknown> | undefined {
    return pending(this.#invalidations, ids);
  }
}

function pending(
  operations: ReadonlyMap<string, Promise<unknown>>,
  names: readonly string[],
): Promise<unknown> | undefined {
  if (operations.size === 0) return undefined;
  const found = names.flatMap((name) => operations.get(name) ?? []);
  return found.length === 0 ? undefined : Promise.allSettled(found);
}

function track(operations: Map<string, Promise<unknown>>, name: string, operation: Promise<unknown>): void {
  operations.set(name, operation);
  const forget = (): void => {
    if (operations.get(name) === operation) operations.delete(name);
  };
  operation.then(forget, forget);
}
