import type { FlightTable } from './flight-table.js';
import type { KeyFence } from './key-fence.js';
import type { MemoryLevel } from './memory-level.js';
import type { QueuedValues } from './queued-values.js';

/** Everything that this instance holds by key: entries in memory, loads in flight, values that wait for Redis, and the fence that reads are checked against. */
export interface LocalState {
  readonly fence: KeyFence;
  readonly flights: FlightTable;
  readonly memory: MemoryLevel;
  readonly queuedValues: QueuedValues;
}

/**
 * Invalidates a key on this instance: its entry leaves memory, its load in flight is joined by no later caller, a read
 * of it that has begun is neither kept nor shared, and a value of it that waits for Redis is not sent.
 */
export function invalidateLocally({ fence, flights, memory, queuedValues }: LocalState, memoryKey: string): void {
  fence.raise(memoryKey);
  flights.detach(memoryKey);
  memory.store.delete(memoryKey);
  queuedValues.drop(memoryKey);
}

/** As {@link invalidateLocally}, but the entry stays in memory as stale, to be served within its grace. */
export function expireLocally({ fence, flights, memory, queuedValues }: LocalState, memoryKey: string): void {
  fence.raise(memoryKey);
  flights.detach(memoryKey);
  queuedValues.drop(memoryKey);
  memory.store.peek(memoryKey)?.expire();
}
