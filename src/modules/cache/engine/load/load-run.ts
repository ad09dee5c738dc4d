import type { Clock } from '../../../../common/clock.js';
import type { EntryOptions, LoadContext } from '../contract/cache.js';
import type { Flight } from '../local/flight.js';
import { assertEntryOptions } from '../parts/call-settings.js';
import type { RunningLoad } from './running-load.js';

/** A loader as the engine calls it: once for a group of keys. Keys without a value are left out of the result. */
export type GroupLoader = (keys: readonly string[], context: LoadContext) => Promise<ReadonlyMap<string, unknown>>;

/** The result of a loader call. */
export interface LoadResult {
  readonly values: ReadonlyMap<string, unknown>;
  readonly durationMs: number;
  /** Options that the loader set by `context.set()`. */
  readonly overrides: EntryOptions;
  /** True if the loader called `context.skipStore()`. */
  readonly isSkipped: boolean;
}

/**
 * Calls a loader once for a group of keys. Rejects as soon as no caller wants any of the keys. A loader that does not stop
 * then goes on, and its load keeps its permit until the loader ends.
 */
export function runLoader(
  load: RunningLoad,
  clock: Clock,
  loader: GroupLoader,
  flights: readonly Flight[],
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    load.run(() => callLoader(clock, loader, flights)).then(resolve, reject);
    whenAllAbandoned(flights, reject);
  });
}

async function callLoader(clock: Clock, loader: GroupLoader, flights: readonly Flight[]): Promise<LoadResult> {
  let overrides: EntryOptions = {};
  let isSkipped = false;
  let signal: AbortSignal | undefined;
  const keys = flights.map((flight) => flight.key);
  const context: LoadContext = {
    get signal() {
      return (signal ??= groupSignal(flights));
    },
    keys,
    stale: flights.length === 1 ? flights[0]!.stale?.view : undefined,
    set: (options) => {
      const set = assertEntryOptions(options);
      overrides = { ...overrides, ...set, tags: [...(overrides.tags ?? []), ...(set.tags ?? [])] };
    },
    skipStore: () => {
      isSkipped = true;
    },
  };
  const startedAtMs = clock.nowMs();
  const values = await loader(keys, context);
  return { values, durationMs: clock.nowMs() - startedAtMs, overrides, isSkipped };
}

/** Aborts when every flight of the group was abandoned. */
function groupSignal(flights: readonly Flight[]): AbortSignal {
  if (flights.length === 1) return flights[0]!.signal;
  const controller = new AbortController();
  whenAllAbandoned(flights, (reason) => controller.abort(reason));
  return controller.signal;
}

/** Calls the listener once, when no caller wants any of the flights; at once if that is so already. */
export function whenAllAbandoned(flights: readonly Flight[], listener: (reason: unknown) => void): void {
  let left = flights.length;
  for (const flight of flights) {
    flight.onAbandoned((reason) => {
      if (--left === 0) listener(reason);
    });
  }
}
