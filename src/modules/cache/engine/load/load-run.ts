import type { Clock } from '../../../../common/clock.js';
import type { EntryOptions, LoadContext } from '../contract/cache.js';
import type { Flight } from '../local/flight.js';
import { assertEntryOptions } from '../parts/call-settings.js';
import type { LoadGate } from './load-limiter.js';

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

/**
 * Calls a loader once for a group of keys, under the namespace's cap on concurrent loads. Rejects as soon as nobody wants
 * any of them; a loader that goes on all the same keeps its place under the cap until it ends.
 */
export function runLoader(
  gate: LoadGate,
  clock: Clock,
  loader: GroupLoader,
  flights: readonly Flight[],
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const running = gate.run(
      () => callLoader(clock, loader, flights),
      (stopWaiting) => whenAllAbandoned(flights, stopWaiting),
    );
    running.then(resolve, reject);
    whenAllAbandoned(flights, reject);
  });
}

async function callLoader(clock: Clock, loader: GroupLoader, flights: readonly Flight[]): Promise<LoadResult> {
  let overrides: EntryOptions = {};
  let isSkipped = false;
  const keys = flights.map((flight) => flight.key);
  const context: LoadContext = {
    get signal() {
      return groupSignal(flights);
    },
    keys,
    stale: flights.length === 1 ? flights[0]!.stale : undefined,
    set: (options) => {
      assertEntryOptions(options);
      overrides = { ...overrides, ...options, tags: [...(overrides.tags ?? []), ...(options.tags ?? [])] };
    },
    skipStore: () => {
      isSkipped = true;
    },
  };
  const startedAtMs = clock.nowMs();
  const values = await loader(keys, context);
  return { values, durationMs: clock.nowMs() - startedAtMs, overrides, isSkipped };
}

/** Aborts when every flight of the group was given up. */
function groupSignal(flights: readonly Flight[]): AbortSignal {
  if (flights.length === 1) return flights[0]!.signal;
  const controller = new AbortController();
  whenAllAbandoned(flights, (reason) => controller.abort(reason));
  return controller.signal;
}

function whenAllAbandoned(flights: readonly Flight[], listener: (reason: unknown) => void): void {
  let left = flights.length;
  for (const flight of flights) {
    flight.onAbandoned((reason) => {
      if (--left === 0) listener(reason);
    });
  }
}
