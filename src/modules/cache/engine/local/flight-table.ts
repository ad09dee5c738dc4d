import type { DependencyTable } from '../versions/dependency-table.js';
import type { Flight } from './flight.js';

/** Flights under way, one per key that callers may join. */
export class FlightTable {
  readonly #flights = new Map<string, Flight>();
  /** Those and the detached ones. */
  readonly #underWay = new Set<Flight>();

  constructor(private readonly table: DependencyTable) {}

  get size(): number {
    return this.#underWay.size;
  }

  /** The flight a new caller may join: nothing it depends on was invalidated since it began. */
  joinable(memoryKey: string): Flight | undefined {
    const flight = this.#flights.get(memoryKey);
    if (flight === undefined || flight.isDetached) return undefined;
    if (flight.startSequence !== this.table.sequence && this.table.check(flight.capture) !== 'current')
      return undefined;
    return flight;
  }

  /** Counts it as under way; `isJoinable` lets later callers join it. */
  add(flight: Flight, isJoinable: boolean): void {
    this.#underWay.add(flight);
    if (isJoinable) this.#flights.set(flight.memoryKey, flight);
    const remove = (): void => {
      this.#underWay.delete(flight);
      if (this.#flights.get(flight.memoryKey) === flight) this.#flights.delete(flight.memoryKey);
    };
    flight.outcome.then(remove, remove);
  }

  /** The key was invalidated: who comes now starts a flight of their own. */
  detach(memoryKey: string): void {
    const flight = this.#flights.get(memoryKey);
    if (flight === undefined) return;
    flight.isDetached = true;
    this.#flights.delete(memoryKey);
  }

  /** The cache closes: loaders are told to stop, and callers why. */
  abandonAll(reason: Error): void {
    for (const flight of this.#underWay) flight.abandon(reason);
  }

  detachAll(): void {
    for (const flight of this.#flights.values()) flight.isDetached = true;
    this.#flights.clear();
  }
}
