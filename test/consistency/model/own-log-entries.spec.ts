import { LocalCoherence } from '../../../src/modules/cache/engine/coherence/local-coherence.js';
import { DependencyTable } from '../../../src/modules/cache/engine/versions/dependency-table.js';
import { EventBus } from '../../../src/modules/cache/engine/contract/event-bus.js';
import { KeyFence } from '../../../src/modules/cache/engine/local/key-fence.js';
import { FlightTable } from '../../../src/modules/cache/engine/local/flight-table.js';
import { MemoryLevel } from '../../../src/modules/cache/engine/local/memory-level.js';
import { NoMemoryTier } from '../../../src/modules/cache/engine/ports/memory-tier.none.js';
import type { OutboxSender } from '../../../src/modules/cache/engine/outage/outbox-sender.js';
import type { RemoteTier } from '../../../src/modules/cache/engine/ports/remote-tier.js';
import { KeyLayout } from '../../../src/modules/cache/engine/names/key-layout.js';
import { Suppressed } from '../../../src/modules/cache/engine/outage/peer-tombstones.js';
import { newVersion } from '../../../src/modules/cache/engine/versions/version.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('log entries of this instance', () => {
  it('give it back the version that an older entry took away', () => {
    const table = new DependencyTable();
    const memory = new MemoryLevel(new NoMemoryTier(), table, new FakeClock(), 60_000, 5_000);
    const coherence = new LocalCoherence(
      'me',
      new KeyLayout('test', 1),
      table,
      { fence: new KeyFence(), flights: new FlightTable(table), memory },
      {} as RemoteTier,
      {} as OutboxSender,
      new Suppressed(new FakeClock()),
      new EventBus(),
      () => undefined,
    );
    const [older, newest] = [newVersion(), newVersion()];
    const tag = table.of('t::a');
    const entry = (id: string, previous: string, source: string, version: string) => ({
      id,
      previous,
      body: { source, keys: [], versions: [['t::a', version]] as const, isReset: false, isExpiry: false, advised: 0 },
    });

    // Memory was flushed, and Redis asked: it has the newest version. Then the log is read from its start.
    table.learn(tag, newest, tag.hardEpoch, tag.softEpoch);
    coherence.apply(entry('1-1', '0-0', 'another', older));
    coherence.apply(entry('1-2', '1-1', 'me', newest));

    expect(tag.version).toBe(newest);
  });
});
