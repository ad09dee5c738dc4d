import type { EntrySlot } from '../../../src/modules/cache/codec/envelope.types.js';
import { systemClock } from '../../../src/common/clock.js';
import { DependencyTable } from '../../../src/modules/cache/engine/versions/dependency-table.js';
import { EventBus } from '../../../src/modules/cache/engine/contract/event-bus.js';
import { KeyFence } from '../../../src/modules/cache/engine/local/key-fence.js';
import type { MemoryEntry } from '../../../src/modules/cache/engine/local/memory-entry.js';
import { MemoryLevel } from '../../../src/modules/cache/engine/local/memory-level.js';
import { Outbox } from '../../../src/modules/cache/engine/outage/outbox.js';
import { RemoteLevel } from '../../../src/modules/cache/engine/remote/remote-level.js';
import type { RemoteTier } from '../../../src/modules/cache/engine/ports/remote-tier.js';
import { KeyLayout } from '../../../src/modules/cache/engine/names/key-layout.js';
import { Scope } from '../../../src/modules/cache/engine/names/namespace.js';
import { newVersion, type Version } from '../../../src/modules/cache/engine/versions/version.js';
import { Suppressed } from '../../../src/modules/cache/engine/outage/peer-tombstones.js';
import { MemoryStore } from '../../../src/modules/cache/stores/memory/memory-store.js';

/** Redis holds one entry; what it answers about versions comes when the test says so. */
class OneEntryTier implements Pick<RemoteTier, 'read' | 'versions' | 'nowMs'> {
  answer!: () => void;

  constructor(
    readonly version: Version,
    private readonly storedAtMs: number,
  ) {}

  nowMs = (): number => systemClock.wallMs();

  read: RemoteTier['read'] = (_address, listener) => {
    const entry: EntrySlot = {
      kind: 'entry',
      header: {
        storedAtMs: this.storedAtMs,
        freshUntilMs: this.storedAtMs + 60_000,
        staleUntilMs: this.storedAtMs + 60_000,
        loadMs: 1,
        isAbsent: false,
        generations: [this.version],
        tags: [],
      },
      sizeBytes: 10,
      value: () => 'old',
      kept: () => entry,
    };
    listener.onSlot(entry);
  };

  versions: RemoteTier['versions'] = async () => {
    await new Promise<void>((resolve) => (this.answer = resolve));
    return [this.version];
  };
}

function levelOn(tier: OneEntryTier, table: DependencyTable, memory: MemoryLevel): RemoteLevel {
  return new RemoteLevel(
    tier as unknown as RemoteTier,
    table,
    new KeyFence(),
    new Outbox(10),
    new Suppressed(systemClock),
    memory,
    new EventBus(),
    systemClock,
  );
}

describe('an announcement that overtakes the answer about versions', () => {
  it.each(['strict', 'not lately followed'])('keeps the old value out of memory: %s', async (why) => {
    const table = new DependencyTable();
    const memory = new MemoryLevel(
      new MemoryStore<MemoryEntry>({ maxBytes: 1_000_000 }),
      table,
      systemClock,
      60_000,
      5_000,
    );
    if (why !== 'strict') memory.trust = { trustedUntilMs: Number.NEGATIVE_INFINITY };
    const tier = new OneEntryTier(newVersion(), systemClock.wallMs());
    const remote = levelOn(tier, table, memory);
    const scope = new Scope(table, new KeyLayout('test', 1), '', {});

    const reading = remote.read({ scope, isStrict: why === 'strict', promotes: true }, 'k', scope.address('k'));
    await new Promise((resolve) => setImmediate(resolve));
    // Redis has answered with the old version; the clear that came after it is heard first.
    table.apply('g:', newVersion(), '1-1');
    tier.answer();
    await reading;

    expect(memory.stale(scope.memoryKey('k'), systemClock.nowMs())).toBeUndefined();
  });
});

describe('an entry from an instance whose clock of Redis is ahead', () => {
  it('is no younger than new, and has no more than its ttl', async () => {
    const table = new DependencyTable();
    const memory = new MemoryLevel(new MemoryStore({ maxBytes: 1_000_000 }), table, systemClock, 60_000, 5_000);
    const tier = new OneEntryTier(newVersion(), systemClock.wallMs() + 30_000);
    const scope = new Scope(table, new KeyLayout('test', 1), '', {});

    const reading = levelOn(tier, table, memory).read(
      { scope, isStrict: true, promotes: true },
      'k',
      scope.address('k'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    tier.answer();
    expect((await reading)?.found?.view()).toMatchObject({ ageMs: 0, ttlMs: 60_000 });
  });
});
