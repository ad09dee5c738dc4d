import { QueuedValues } from '../local/queued-values.js';
import { TrustWindow } from '../local/trust-window.js';
import { LocalCoherence } from './local-coherence.js';
import { DependencyTable } from '../versions/dependency-table.js';
import { EventBus } from '../contract/event-bus.js';
import { KeyFence } from '../local/key-fence.js';
import { FlightTable } from '../local/flight-table.js';
import { MemoryLevel } from '../local/memory-level.js';
import { NoMemoryTier } from '../ports/memory-tier.none.js';
import type { OutboxSender } from '../outage/outbox-sender.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import { KeyLayout } from '../names/key-layout.js';
import { PeerTombstones } from '../outage/peer-tombstones.js';
import { newVersion } from '../versions/version.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';

const LIMITS = { maxTtlMs: 60_000, fallbackTtlMs: 5_000, maxValueBytes: Number.POSITIVE_INFINITY };

describe('log entries of this instance', () => {
  it('give it back the version that an older entry took away', () => {
    const table = new DependencyTable();
    const memory = new MemoryLevel(new NoMemoryTier(), table, new TrustWindow(Infinity), new FakeClock(), LIMITS);
    const coherence = new LocalCoherence({
      instanceId: 'me',
      layout: new KeyLayout('test', 1),
      table,
      local: { fence: new KeyFence(), flights: new FlightTable(table), queuedValues: new QueuedValues(), memory },
      tier: {} as RemoteTier,
      sender: {} as OutboxSender,
      peerTombstones: new PeerTombstones(new FakeClock()),
      events: new EventBus(),
      onInvalidated: () => undefined,
      onCleared: () => undefined,
    });
    const [older, newest] = [newVersion(), newVersion()];
    const tag = table.getOrCreate('t::a');
    const entry = (id: string, previous: string, source: string, version: string) => ({
      id,
      previous,
      body: {
        source,
        keys: [],
        versions: [['t::a', version]] as const,
        isReset: false,
        isExpiry: false,
        tombstoneSequence: 0,
      },
    });

    // Memory was flushed, and Redis asked: it has the newest version. Then the log is read from its start.
    table.recordFetched(tag, newest, tag.hardEpoch, tag.softEpoch);
    coherence.apply(entry('1-1', '0-0', 'another', older));
    coherence.apply(entry('1-2', '1-1', 'me', newest));

    expect(tag.version).toBe(newest);
  });
});
