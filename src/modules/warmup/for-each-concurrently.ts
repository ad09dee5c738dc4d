import type { Many } from './warm-up.options.js';

/** Visits every item, at most `concurrency` at once, and takes an item only when its visit begins. Stops when the signal aborts. */
export async function forEachConcurrently<T>(
  items: Many<T>,
  concurrency: number,
  signal: AbortSignal,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = toAsync(items);
  const worker = async () => {
    while (!signal.aborted) {
      const next = await iterator.next();
      if (next.done) return;
      await visit(next.value);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    await iterator.return(undefined);
  }
}

/** An async generator handles calls of `next()` one after the other, so several callers may wait for it. */
async function* toAsync<T>(items: Many<T>): AsyncGenerator<T, void> {
  yield* items;
}
