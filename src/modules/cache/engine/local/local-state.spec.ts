import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { MemoryStore } from '../../stores/memory/memory-store.js';
import type { SlotAddress } from '../ports/remote-tier.js';
import { DependencyTable } from '../versions/dependency-table.js';
import { Flight } from './flight.js';
import { FlightTable } from './flight-table.js';
import { KeyFence } from './key-fence.js';
import { expireLocally, invalidateLocally, type LocalState } from './local-state.js';
import type { MemoryEntry } from './memory-entry.js';
import { MemoryLevel } from './memory-level.js';
import { type QueuedValue, QueuedValues } from './queued-values.js';
import { TrustWindow } from './trust-window.js';

const KEY = 'm:k';

/** An instance that holds the key in every place: memory, a load in flight, and a value that waits for Redis. */
function stateWithKey() {
  const table = new DependencyTable();
  const limits = { maxTtlMs: 60_000, fallbackTtlMs: 5_000, maxValueBytes: 10_000 };
  const store = new MemoryStore<MemoryEntry>({ maxBytes: 100_000 });
  const memory = new MemoryLevel(store, table, new TrustWindow(Infinity), new FakeClock(), limits);
  const state: LocalState = {
    fence: new KeyFence(),
    flights: new FlightTable(table),
    memory,
    queuedValues: new QueuedValues(),
  };
  const times = { storedAtMs: 0, freshUntilMs: 1_000, staleUntilMs: 2_000, loadMs: 1 };
  const snapshot = table.snapshot([]);
  memory.put(KEY, { value: 'v', isAbsent: false, ...times, snapshot, payloadBytes: 0, remoteStoredAtMs: undefined });
  const address = { memoryKey: KEY } as SlotAddress;
  const flight = new Flight({ key: 'k', memoryKey: KEY, snapshot, sequence: 0, fenceMark: 0, address: () => address });
  state.flights.add(flight, true);
  state.queuedValues.add({ address, sizeBytes: 1 } as QueuedValue);
  return { state, flight, mark: state.fence.mark() };
}

describe.each([
  ['invalidated', invalidateLocally],
  ['expired', expireLocally],
])('a key that is %s on this instance', (_, change) => {
  it('is not kept by a read that has begun', () => {
    const { state, mark } = stateWithKey();
    expect(state.fence.isUnchanged(KEY, mark)).toBe(true);
    change(state, KEY);
    expect(state.fence.isUnchanged(KEY, mark)).toBe(false);
  });

  it('lets no later caller join its load', () => {
    const { state, flight } = stateWithKey();
    change(state, KEY);
    expect(flight.isDetached).toBe(true);
    expect(state.flights.joinable(KEY)).toBeUndefined();
  });

  it('sends no value that waits for Redis', () => {
    const { state } = stateWithKey();
    change(state, KEY);
    expect(state.queuedValues.size).toBe(0);
  });

  it('is no fresh entry in memory', () => {
    const { state } = stateWithKey();
    change(state, KEY);
    expect(state.memory.fresh(KEY, 0)).toBeUndefined();
  });
});

describe('the entry in memory', () => {
  it('leaves when its key is invalidated', () => {
    const { state } = stateWithKey();
    invalidateLocally(state, KEY);
    expect(state.memory.stale(KEY, 0)).toBeUndefined();
  });

  it('stays as stale when its key is expired', () => {
    const { state } = stateWithKey();
    expireLocally(state, KEY);
    expect(state.memory.stale(KEY, 0)?.value).toBe('v');
  });
});
