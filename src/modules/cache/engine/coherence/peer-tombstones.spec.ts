import type { LogBody } from '../ports/invalidation-log.js';
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

/** Redis's time when it was said. */
const TOLD_AT = 1_000_000;
const IN_SHOP = '\u0001shop\u0001k';
const IN_SHOP_CARTS = '\u0001shop/carts\u0001k';
const IN_SHOPPING = '\u0001shopping\u0001k';

/** An instance that was told of invalidations that another instance could not send. */
function told(
  { keys = [], dependencies = [] }: { keys?: readonly string[]; dependencies?: readonly string[] },
  isTimeKnown = true,
) {
  const table = new DependencyTable();
  const clock = new FakeClock();
  const peerTombstones = new PeerTombstones(clock);
  const coherence = new LocalCoherence({
    instanceId: 'me',
    layout: new KeyLayout('test', 1),
    table,
    local: {
      fence: new KeyFence(),
      flights: new FlightTable(table),
      queuedValues: new QueuedValues(),
      memory: new MemoryLevel(new NoMemoryTier(), table, new TrustWindow(Infinity), clock, LIMITS),
    },
    tier: { canRead: () => isTimeKnown, nowMs: () => TOLD_AT } as unknown as RemoteTier,
    sender: {} as OutboxSender,
    peerTombstones,
    events: new EventBus(),
    onInvalidated: () => undefined,
    onCleared: () => undefined,
  });
  const tell = (source: string, tombstoneSequence: number): void =>
    coherence.applyTombstones({ kind: 'tombstones', source, tombstoneSequence, keys, dependencies });
  tell('another', 1);
  let count = 0;
  const apply = ({ atMs = TOLD_AT, ...body }: Partial<LogBody> & { atMs?: number }): void =>
    coherence.apply({
      id: `${atMs}-${++count}`,
      previous: '0-0',
      body: {
        source: 'another',
        keys: [],
        versions: [],
        isReset: false,
        isExpiry: false,
        tombstoneSequence: 1,
        ...body,
      },
    });
  const hear = (id: string, body: Parameters<typeof apply>[0] = {}): void =>
    apply({ versions: [[id, newVersion()]], ...body });
  const hearKey = (key: string, body: Parameters<typeof apply>[0] = {}): void => apply({ keys: [key], ...body });
  return { peerTombstones, tell, hear, hearKey };
}

describe('an entry that a peer could not invalidate in Redis', () => {
  it('is not believed again because its tag expired', () => {
    const { peerTombstones, hear } = told({ dependencies: ['t::a'] });

    hear('t::a', { isExpiry: true });

    expect(peerTombstones.hasDependency('t::a')).toBe(true);
  });

  it('is believed again once its tag was invalidated', () => {
    const { peerTombstones, hear } = told({ dependencies: ['t::a', 't::b'] });

    hear('t::a');

    expect([peerTombstones.hasDependency('t::a'), peerTombstones.hasDependency('t::b')]).toEqual([false, true]);
  });

  it('is believed again once everything was cleared', () => {
    const { peerTombstones, hear } = told({ keys: ['k', IN_SHOP], dependencies: ['t::a', 't:shop:a', 'g:shop'] });

    hear('g:');

    expect(['k', IN_SHOP].some((key) => peerTombstones.hasKey(key))).toBe(false);
    expect(['t::a', 't:shop:a', 'g:shop'].some((id) => peerTombstones.hasDependency(id))).toBe(false);
  });

  it('is believed again where a clear of its namespace says so, and nowhere else', () => {
    const { peerTombstones, hear } = told({
      keys: ['k', IN_SHOP, IN_SHOP_CARTS, IN_SHOPPING],
      dependencies: ['g:', 't::a', 't:shop:a', 'g:shop/carts', 't:shopping:a'],
    });

    hear('g:shop');

    expect(['k', IN_SHOP, IN_SHOP_CARTS, IN_SHOPPING].filter((key) => peerTombstones.hasKey(key))).toEqual([
      'k',
      IN_SHOPPING,
    ]);
    expect(
      ['g:', 't::a', 't:shop:a', 'g:shop/carts', 't:shopping:a'].filter((id) => peerTombstones.hasDependency(id)),
    ).toEqual(['g:', 't::a', 't:shopping:a']);
  });

  it('is told apart where a key reads as the id of a tag', () => {
    const { peerTombstones, hear } = told({ keys: ['t::a'] });

    hear('t::a');

    expect([peerTombstones.hasKey('t::a'), peerTombstones.hasDependency('t::a')]).toEqual([true, false]);
  });

  // A invalidates k; B misses the announcement. C loads k and stores it. Redis refuses writes, k changes, A can only say so.
  // B hears it, and only then reads the entries of the log that it had missed.
  it.each([
    ['by the source of the tombstone', { source: 'another', tombstoneSequence: 0 }],
    ['by a third', { source: 'a third', tombstoneSequence: 7 }],
  ])('stays invalid after an older invalidation that arrives late: %s', (_, body) => {
    const { peerTombstones, hear, hearKey } = told({ keys: ['k', IN_SHOP], dependencies: ['t::a'] });

    hearKey('k', body);
    hear('t::a', body);
    hear('g:', body);

    expect([peerTombstones.hasKey('k'), peerTombstones.hasKey(IN_SHOP), peerTombstones.hasDependency('t::a')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is valid again once the peer could remove it', () => {
    const { peerTombstones, hearKey } = told({ keys: ['k'] });

    hearKey('k');

    expect(peerTombstones.hasKey('k')).toBe(false);
  });

  it('stays invalid after an invalidation that was sent before the newest tombstone', () => {
    const { peerTombstones, tell, hearKey } = told({ keys: ['k'] });
    tell('another', 2);

    hearKey('k', { tombstoneSequence: 1 });
    expect(peerTombstones.hasKey('k')).toBe(true);
    hearKey('k', { tombstoneSequence: 2 });

    expect(peerTombstones.hasKey('k')).toBe(false);
  });

  it('is valid again after an invalidation by a third instance that is certainly newer: the peer may be gone', () => {
    const { peerTombstones, hear, hearKey } = told({ keys: ['k', 'other'], dependencies: ['t::a'] });

    hearKey('k', { source: 'a third', atMs: TOLD_AT + 300 });
    expect(peerTombstones.hasKey('k')).toBe(true);
    hearKey('k', { source: 'a third', atMs: TOLD_AT + 301 });

    expect([peerTombstones.hasKey('k'), peerTombstones.hasKey('other')]).toEqual([false, true]);
    hear('g:', { source: 'a third', atMs: TOLD_AT + 301 });
    expect([peerTombstones.hasKey('other'), peerTombstones.hasDependency('t::a')]).toEqual([false, false]);
  });

  it('is not believed again by a third where Redis’s time was not known', () => {
    const { peerTombstones, hearKey } = told({ keys: ['k'] }, false);

    hearKey('k', { source: 'a third', atMs: TOLD_AT + 3_600_000 });

    expect(peerTombstones.hasKey('k')).toBe(true);
  });

  it('is valid again once all peers that sent tombstones could remove it', () => {
    const { peerTombstones, tell, hearKey } = told({ keys: ['k'] });
    tell('a third', 4);

    hearKey('k');
    expect(peerTombstones.hasKey('k')).toBe(true);
    hearKey('k', { source: 'a third', tombstoneSequence: 4 });

    expect(peerTombstones.hasKey('k')).toBe(false);
  });

  it('costs bounded memory and work, however many peers send however many tombstones', () => {
    const peerTombstones = new PeerTombstones(new FakeClock());
    for (let i = 0; i < 1_000; i++)
      peerTombstones.addKey('k', { source: `forged ${i}`, tombstoneSequence: 1 }, TOLD_AT);
    for (let i = 0; i < 1_000; i++)
      peerTombstones.liftKey('k', { source: `forged ${i}`, tombstoneSequence: 1, redisMs: TOLD_AT });
    // Too many to keep apart.
    expect(peerTombstones.hasKey('k')).toBe(true);

    for (let i = 0; i < 150_000; i++) peerTombstones.addKey(`k${i}`, { source: 's', tombstoneSequence: i }, TOLD_AT);

    expect([peerTombstones.hasKey('k49999'), peerTombstones.hasKey('k50000')]).toEqual([false, true]);
  });
});
