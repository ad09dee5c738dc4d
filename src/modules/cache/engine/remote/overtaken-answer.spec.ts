import type { EntrySlot } from '../../codec/envelope.types.js';
import { systemClock } from '../../../../common/clock.js';
import { DependencyTable } from '../versions/dependency-table.js';
import { EventBus } from '../contract/event-bus.js';
import { KeyFence } from '../local/key-fence.js';
import type { MemoryEntry } from '../local/memory-entry.js';
import { MemoryLevel } from '../local/memory-level.js';
import { Outbox } from '../outage/outbox.js';
import { TrustWindow } from '../local/trust-window.js';
import { EntryValidator } from './entry-validator.js';
import { RemoteLevel } from './remote-level.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import { KeyLayout } from '../names/key-layout.js';
import { Namespace } from '../names/namespace.js';
import { newVersion, type Version } from '../versions/version.js';
import { PeerTombstones } from '../outage/peer-tombstones.js';
import { MemoryStore } from '../../stores/memory/memory-store.js';

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

const LIMITS = { maxTtlMs: 60_000, fallbackTtlMs: 5_000, maxValueBytes: Number.POSITIVE_INFINITY };

function memoryOf(table: DependencyTable, trust: TrustWindow): MemoryLevel {
  return new MemoryLevel(new MemoryStore<MemoryEntry>({ maxBytes: 1_000_000 }), table, trust, systemClock, LIMITS);
}

function levelOn(tier: OneEntryTier, table: DependencyTable, memory: MemoryLevel, trust: TrustWindow): RemoteLevel {
  const outbox = new Outbox(10);
  const peerTombstones = new PeerTombstones(systemClock);
  return new RemoteLevel({
    tier: tier as unknown as RemoteTier,
    table,
    fence: new KeyFence(),
    outbox,
    peerTombstones,
    memory,
    validator: new EntryValidator(table, outbox, peerTombstones, trust, systemClock),
    trust,
    events: new EventBus(),
    clock: systemClock,
  });
}

describe('an announcement that overtakes the answer about versions', () => {
  it.each(['strict', 'not lately followed'])('keeps the old value out of memory: %s', async (why) => {
    const table = new DependencyTable();
    const trust = new TrustWindow(why === 'strict' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    const memory = memoryOf(table, trust);
    const tier = new OneEntryTier(newVersion(), systemClock.wallMs());
    const remote = levelOn(tier, table, memory, trust);
    const namespace = new Namespace(table, new KeyLayout('test', 1), '', {});

    const reading = remote.read({ namespace, isStrict: why === 'strict', promotes: true }, 'k', namespace.address('k'));
    await new Promise((resolve) => setImmediate(resolve));
    // Redis has answered with the old version; the clear that came after it is heard first.
    table.recordFromLog('g:', newVersion(), '1-1');
    tier.answer();
    await reading;

    expect(memory.stale(namespace.memoryKey('k'), systemClock.nowMs())).toBeUndefined();
  });
});

describe('an entry from an instance whose clock of Redis is ahead', () => {
  it('is no younger than new, and has no more than its ttl', async () => {
    const table = new DependencyTable();
    const trust = new TrustWindow(Number.POSITIVE_INFINITY);
    const memory = memoryOf(table, trust);
    const tier = new OneEntryTier(newVersion(), systemClock.wallMs() + 30_000);
    const namespace = new Namespace(table, new KeyLayout('test', 1), '', {});

    const reading = levelOn(tier, table, memory, trust).read(
      { namespace, isStrict: true, promotes: true },
      'k',
      namespace.address('k'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    tier.answer();
    expect((await reading)?.entry?.view()).toMatchObject({ ageMs: 0, ttlMs: 60_000 });
  });
});
