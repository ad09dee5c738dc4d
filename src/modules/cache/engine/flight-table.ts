import type { DependencyTable } from './dependency-table.js';
import type { Flight } from './flight.js';

/** Flights under way, one per key that callers may join. */
export class FlightTable {
  readonly #flights = new Map<string, Flight>();

  constructor(private readonly table: DependencyTable) {}

  get size(): number {
    return this.#flights.size;
  }

  /** The flight a new caller may join: nothing it depends on was invalidated since it began. */
  joinable(memoryKey: string): Flight | undefined {
    const flight = this.#flights.get(memoryKey);
    if (flight === undefined || flight.isDetached) return undefined;
    if (flight.startSequence !== this.table.sequence && this.table.check(flight.capture) !== 'current')
      return undefined;
    return flight;
  }

  add(flight: Flight): void {
    this.#flights.set(flight.memoryKey, flight);
    const remove = (): void => {
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

  /** The cache closes: loaders are told to stop. */
  abandonAll(): void {
    for (const flight of this.#flights.values()) flight.abandon();
    this.#flights.clear();
  }

  detachAll(): void {
    for (const flight of this.#flights.values()) flight.isDetached = true;
    this.#flights.clear();
  }
}
