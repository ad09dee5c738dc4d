import { AsyncLocalStorage } from 'node:async_hooks';
import type { Flight } from '../local/flight.js';
import type { LoadLimiter, Permit } from './load-limiter.js';

/** One for all namespaces and caches of the process: each further one would cost at every change of the async context. */
const storage = new AsyncLocalStorage<RunningLoad>();

const loadOf = new WeakMap<Flight, RunningLoad>();

/** The parts of a {@link RunningLoad}. */
export interface RunningLoadParts {
  readonly flights: readonly Flight[];
  /** Full name of the namespace. */
  readonly cache: string;
  /** Tells equal keys of different caches apart: an object that all namespaces of one cache share. */
  readonly owner: object;
  readonly permit: Permit | undefined;
  /** The load around this one. */
  readonly outer: RunningLoad | undefined;
}

/**
 * A call of a loader that is under way. The async context of the loader carries it, so a call of the cache from within the
 * loader knows the loads around it.
 *
 * Loads wait for flights, and flights are settled by loads: a graph. A wait that would close a circle in it never ends, so
 * every wait of a loader is compared with the graph before it begins:
 *
 * - the key is loaded by a load around the caller ({@link chainTo}): an error;
 * - a load of another caller waits for this one ({@link isAwaitedBy}): the caller loads for itself.
 */
export class RunningLoad {
  readonly #parts: RunningLoadParts;
  #outer: RunningLoad | undefined;
  #isOver = false;
  #flightsByMemoryKey: ReadonlyMap<string, Flight> | undefined;
  /** Flights that calls from within the loader wait for, with the number of those calls. */
  readonly #awaited = new Map<Flight, number>();

  constructor(parts: RunningLoadParts) {
    this.#parts = parts;
    this.#outer = parts.outer;
    for (const flight of parts.flights) loadOf.set(flight, this);
  }

  /** The load whose loader makes the present call. */
  static current(): RunningLoad | undefined {
    const load = storage.getStore();
    return load?.isOver === true ? load.outer : load;
  }

  /** True once the loader has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The nearest load around this one that has not ended. Ended loads are left out for good, so a chain can't grow. */
  get outer(): RunningLoad | undefined {
    while (this.#outer?.isOver === true) this.#outer = this.#outer.#outer;
    return this.#outer;
  }

  /** Runs the loader in this load's context. The load is over when the loader has ended. */
  async run<T>(loader: () => Promise<T>): Promise<T> {
    try {
      return await storage.run(this, loader);
    } finally {
      this.#isOver = true;
      this.#parts.permit?.release();
    }
  }

  /** The permit that this load, or one around it, has from this limiter. */
  permitOf(limiter: LoadLimiter): Permit | undefined {
    const { permit } = this.#parts;
    return permit?.limiter === limiter ? permit : this.outer?.permitOf(limiter);
  }

  /**
   * The keys from the load of `memoryKey` around this one down to this one, each with the name of its namespace. `undefined`
   * if no load around this one loads the key.
   */
  chainTo(owner: object, memoryKey: string): string[] | undefined {
    const { flights, cache } = this.#parts;
    const own = this.#parts.owner === owner ? this.#byMemoryKey().get(memoryKey) : undefined;
    if (own !== undefined) return [`${cache}:${own.key}`];
    const chain = this.outer?.chainTo(owner, memoryKey);
    chain?.push(`${cache}:${flights[0]!.key}`);
    return chain;
  }

  /** True if the load that settles the flight waits for this one, itself or through other loads. */
  isAwaitedBy(flight: Flight): boolean {
    const seen = new Set<RunningLoad>();
    const toLookAt = [flight];
    for (const next of toLookAt) {
      const load = loadOf.get(next);
      if (load === this) return true;
      if (load === undefined || load.isOver || seen.has(load)) continue;
      seen.add(load);
      toLookAt.push(...load.#awaited.keys());
    }
    return false;
  }

  #byMemoryKey(): ReadonlyMap<string, Flight> {
    return (this.#flightsByMemoryKey ??= new Map(this.#parts.flights.map((flight) => [flight.memoryKey, flight])));
  }

  beginWait(flight: Flight): void {
    this.#awaited.set(flight, (this.#awaited.get(flight) ?? 0) + 1);
  }

  endWait(flight: Flight): void {
    const waits = this.#awaited.get(flight)! - 1;
    if (waits > 0) this.#awaited.set(flight, waits);
    else this.#awaited.delete(flight);
  }
}
