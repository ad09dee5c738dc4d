import type { Many } from './warm-up.options.js';

/** Visits every item, at most `concurrency` at once, taking no more than are being visited. Stops when the signal aborts. */
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

/** An async generator answers one `next()` after the other, so several may wait for it. */
async function* toAsync<T>(items: Many<T>): AsyncGenerator<T, void> {
  yield* items;
}
