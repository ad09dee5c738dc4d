import type { DependencyTable } from '../versions/dependency-table.js';
import type { Flight } from './flight.js';

/** Flights under way: at most one per key that callers may join, and any number of detached ones. */
export class FlightTable {
  readonly #joinable = new Map<string, Flight>();
  readonly #underWay = new Set<Flight>();

  constructor(private readonly table: DependencyTable) {}

  /** Flights under way, detached ones included. */
  get size(): number {
    return this.#underWay.size;
  }

  /** The flight that a new caller may join: no dependency of it was invalidated since it began. */
  joinable(memoryKey: string): Flight | undefined {
    const flight = this.#joinable.get(memoryKey);
    if (flight === undefined || flight.isDetached) return undefined;
    if (flight.startSequence !== this.table.sequence && this.table.check(flight.snapshot) !== 'current')
      return undefined;
    return flight;
  }

  /** Counts a flight as under way until it settles; `isJoinable` lets later callers join it. */
  add(flight: Flight, isJoinable: boolean): void {
    this.#underWay.add(flight);
    if (isJoinable) this.#joinable.set(flight.memoryKey, flight);
    const remove = (): void => {
      this.#underWay.delete(flight);
      if (this.#joinable.get(flight.memoryKey) === flight) this.#joinable.delete(flight.memoryKey);
    };
    flight.outcome.then(remove, remove);
  }

  /** The key was invalidated: a later caller starts a flight of its own. */
  detach(memoryKey: string): void {
    this.#joinable.get(memoryKey)?.detach();
    this.#joinable.delete(memoryKey);
  }

  detachAll(): void {
    for (const flight of this.#joinable.values()) flight.detach();
    this.#joinable.clear();
  }

  /** The cache closes: loaders are told to stop, and callers get the reason. */
  abandonAll(reason: Error): void {
    for (const flight of this.#underWay) flight.abandon(reason);
  }
}
