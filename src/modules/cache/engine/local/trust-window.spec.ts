import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { MemoryStore } from '../../stores/memory/memory-store.js';
import { DependencyTable } from '../versions/dependency-table.js';
import type { MemoryEntry } from './memory-entry.js';
import { NoMemoryTier } from '../ports/memory-tier.none.js';
import { MemoryLevel, type MemoryWrite } from './memory-level.js';
import { TrustWindow } from './trust-window.js';

const LIMITS = { maxTtlMs: 60_000, fallbackTtlMs: 5_000, maxValueBytes: 10_000 };

/** A memory tier that may serve entries until 1,000 ms, and then only those that were stored meanwhile. */
function memoryTier() {
  const clock = new FakeClock();
  const table = new DependencyTable();
  const trust = new TrustWindow(1_000);
  const store = new MemoryStore<MemoryEntry>({ maxBytes: 1_000_000 });
  const memory = new MemoryLevel(store, table, trust, clock, LIMITS);
  const tag = table.getOrCreate('t:tag');
  const write = (options: Partial<MemoryWrite> = {}): MemoryWrite => ({
    value: 'v',
    isAbsent: false,
    storedAtMs: clock.nowMs(),
    freshUntilMs: clock.nowMs() + 10_000,
    staleUntilMs: clock.nowMs() + 20_000,
    loadMs: 1,
    snapshot: table.snapshot([tag]),
    payloadBytes: 0,
    remoteStoredAtMs: undefined,
    ...options,
  });
  return { clock, table, trust, store, memory, tag, write };
}

describe('memory whose invalidations cannot be heard', () => {
  it('serves an entry until the end of the trust window, fresh or stale', () => {
    const { memory, write } = memoryTier();
    memory.put('k', write());
    expect(memory.fresh('k', 999)).toBeDefined();
    expect(memory.stale('k', 999)).toBeDefined();
    expect(memory.fresh('k', 1_000)).toBeUndefined();
    expect(memory.stale('k', 1_000)).toBeUndefined();
  });

  it('keeps the entry, and serves it again when the window moves on', () => {
    const { memory, trust, write } = memoryTier();
    memory.put('k', write());
    expect(memory.fresh('k', 1_500)).toBeUndefined();
    trust.untilMs = 2_000;
    expect(memory.fresh('k', 1_500)).toBeDefined();
  });

  it('serves an entry that was stored after the window for fallbackTtlMs', () => {
    const { clock, memory, write } = memoryTier();
    clock.jump(1_000);
    memory.put('k', write());
    expect(memory.fresh('k', 5_999)).toBeDefined();
    expect(memory.stale('k', 5_999)).toBeDefined();
    expect(memory.fresh('k', 6_000)).toBeUndefined();
    expect(memory.stale('k', 6_000)).toBeUndefined();
  });
});

describe('an entry in memory', () => {
  it('is gone, stale value included, once a dependency of it was invalidated', () => {
    const { memory, store, table, tag, write } = memoryTier();
    memory.put('a', write());
    memory.put('b', write());
    table.invalidate(tag);
    expect(memory.fresh('a', 0)).toBeUndefined();
    expect(memory.stale('b', 0)).toBeUndefined();
    expect(store.count).toBe(0);
  });

  it('is never served if a dependency of it was invalidated before it was stored', () => {
    const { memory, table, tag, write } = memoryTier();
    const early = write();
    table.invalidate(tag);
    memory.put('k', early);
    expect(memory.fresh('k', 0)).toBeUndefined();
  });

  it('stays, and is not checked again, when something else was invalidated', () => {
    const { memory, store, table, write } = memoryTier();
    memory.put('k', write());
    table.invalidate(table.getOrCreate('t:other'));
    expect(store.peek('k')?.checkedAt).not.toBe(table.sequence);
    expect(memory.fresh('k', 0)).toBeDefined();
    expect(store.peek('k')?.checkedAt).toBe(table.sequence);
    expect(memory.stale('k', 0)).toBeDefined();
  });

  it('is stale once a dependency of it has expired', () => {
    const { memory, table, tag, write } = memoryTier();
    memory.put('k', write());
    table.expire(tag);
    expect(memory.fresh('k', 0)).toBeUndefined();
    expect(memory.stale('k', 0)?.value).toBe('v');
  });

  it('counts its key, its value and its bookkeeping', () => {
    const { memory, store, write } = memoryTier();
    memory.put('k', write({ payloadBytes: 100 }));
    const { usedBytes } = store;
    memory.put('k'.repeat(11), write({ payloadBytes: 100 }));
    expect(store.usedBytes - usedBytes).toBe(usedBytes + 20);
  });

  it('that is too large is not stored, and removes the older one', () => {
    const { memory, store, write } = memoryTier();
    expect(memory.put('k', write())).toBe(true);
    expect(memory.put('k', write({ value: 'x'.repeat(20_000) }))).toBe(false);
    expect(store.count).toBe(0);
  });

  it('whose payload was encoded has passed the bound of the encoded value already', () => {
    const { memory, write } = memoryTier();
    expect(memory.put('k', write({ value: 'x'.repeat(20_000), payloadBytes: 20_000 }))).toBe(true);
  });
});

describe('the view of an entry in memory', () => {
  it('has its age, its remaining ttl, and whether it is stale', () => {
    const { memory, write } = memoryTier();
    memory.put('k', write({ storedAtMs: 100, freshUntilMs: 600, payloadBytes: 7 }));
    const entry = memory.fresh('k', 300)!;
    expect(memory.view(entry, 300)).toEqual({
      value: 'v',
      tier: 'memory',
      ageMs: 200,
      ttlMs: 300,
      isStale: false,
      sizeBytes: 7,
    });
    expect(memory.view(entry, 600)).toMatchObject({ ageMs: 500, ttlMs: 0, isStale: true });
  });
});

describe('memory past the grace of an entry', () => {
  it('is freed of it by the next look for a stale value', () => {
    const { memory, store, write } = memoryTier();
    memory.put('k', write({ freshUntilMs: 100, staleUntilMs: 200 }));
    expect(memory.stale('k', 199)).toBeDefined();
    expect(memory.stale('k', 200)).toBeUndefined();
    expect(store.count).toBe(0);
  });
});

describe('memory without room', () => {
  it('is disabled', () => {
    const table = new DependencyTable();
    const memory = new MemoryLevel(new NoMemoryTier(), table, new TrustWindow(1_000), new FakeClock(), LIMITS);
    expect(memory.isEnabled).toBe(false);
  });
});

describe('memory that is closed', () => {
  it('is empty, and stores nothing any more', () => {
    const { memory, store, write } = memoryTier();
    memory.put('k', write());
    memory.close();
    expect(memory.isEnabled).toBe(false);
    expect(memory.put('k', write())).toBe(false);
    expect(store.count).toBe(0);
  });
});
