import type { Clock } from '../../../common/clock.js';
import type { EntryOptions, EntryView, LoadContext } from './cache.js';
import type { LoadGate } from './load-gate.js';

/** A loader as the engine calls it: for a group of keys, with what is known of them. */
export type GroupLoader = (keys: readonly string[], context: LoadContext) => Promise<ReadonlyMap<string, unknown>>;

/** What a loader brought, and what it asked for. */
export interface LoadResult {
  readonly values: ReadonlyMap<string, unknown>;
  readonly durationMs: number;
  /** Options the loader set from its result. */
  readonly overrides: EntryOptions;
  readonly isSkipped: boolean;
}

/** Calls a loader once for a group of keys, under the namespace's cap on concurrent loads. */
export async function runLoader(
  gate: LoadGate,
  clock: Clock,
  loader: GroupLoader,
  keys: readonly string[],
  signal: AbortSignal,
  stale: EntryView<unknown> | undefined,
): Promise<LoadResult> {
  return gate.run(async () => {
    signal.throwIfAborted();
    let overrides: EntryOptions = {};
    let isSkipped = false;
    const context: LoadContext = {
      signal,
      keys,
      stale,
      set: (options) => {
        overrides = { ...overrides, ...options, tags: [...(overrides.tags ?? []), ...(options.tags ?? [])] };
      },
      skipStore: () => {
        isSkipped = true;
      },
    };
    const startedAtMs = clock.nowMs();
    const values = await loader(keys, context);
    return { values, durationMs: clock.nowMs() - startedAtMs, overrides, isSkipped };
  });
}
