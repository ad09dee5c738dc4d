import type { LogBody } from '../../../src/modules/cache/engine/ports/invalidation-log.js';
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

/** Redis's time when it was said. */
const TOLD_AT = 1_000_000;
const IN_SHOP = '\u0001shop\u0001k';
const IN_SHOP_CARTS = '\u0001shop/carts\u0001k';
const IN_SHOPPING = '\u0001shopping\u0001k';

/** An instance that was told what another could not invalidate. */
function told(
  { keys = [], dependencies = [] }: { keys?: readonly string[]; dependencies?: readonly string[] },
  isTimeKnown = true,
) {
  const table = new DependencyTable();
  const clock = new FakeClock();
  const suppressed = new Suppressed(clock);
  const coherence = new LocalCoherence(
    'me',
    new KeyLayout('test', 1),
    table,
    {
      fence: new KeyFence(),
      flights: new FlightTable(table),
      memory: new MemoryLevel(new NoMemoryTier(), table, clock, 60_000, 5_000),
    },
    { canRead: () => isTimeKnown, nowMs: () => TOLD_AT } as unknown as RemoteTier,
    {} as OutboxSender,
    suppressed,
    new EventBus(),
    () => undefined,
  );
  const tell = (source: string, advised: number): void =>
    coherence.suppress({ kind: 'advice', source, advised, keys, dependencies });
  tell('another', 1);
  let count = 0;
  const apply = ({ atMs = TOLD_AT, ...body }: Partial<LogBody> & { atMs?: number }): void =>
    coherence.apply({
      id: `${atMs}-${++count}`,
      previous: '0-0',
      body: { source: 'another', keys: [], versions: [], isReset: false, isExpiry: false, advised: 1, ...body },
    });
  const hear = (id: string, body: Parameters<typeof apply>[0] = {}): void =>
    apply({ versions: [[id, newVersion()]], ...body });
  const hearKey = (key: string, body: Parameters<typeof apply>[0] = {}): void => apply({ keys: [key], ...body });
  return { suppressed, tell, hear, hearKey };
}

describe('what could not be invalidated in Redis', () => {
  it('is not believed again because its tag expired', () => {
    const { suppressed, hear } = told({ dependencies: ['t::a'] });

    hear('t::a', { isExpiry: true });

    expect(suppressed.hasDependency('t::a')).toBe(true);
  });

  it('is believed again once its tag was invalidated', () => {
    const { suppressed, hear } = told({ dependencies: ['t::a', 't::b'] });

    hear('t::a');

    expect([suppressed.hasDependency('t::a'), suppressed.hasDependency('t::b')]).toEqual([false, true]);
  });

  it('is believed again once everything was cleared', () => {
    const { suppressed, hear } = told({ keys: ['k', IN_SHOP], dependencies: ['t::a', 't:shop:a', 'g:shop'] });

    hear('g:');

    expect(['k', IN_SHOP].some((key) => suppressed.hasKey(key))).toBe(false);
    expect(['t::a', 't:shop:a', 'g:shop'].some((id) => suppressed.hasDependency(id))).toBe(false);
  });

  it('is believed again where a clear of its namespace says so, and nowhere else', () => {
    const { suppressed, hear } = told({
      keys: ['k', IN_SHOP, IN_SHOP_CARTS, IN_SHOPPING],
      dependencies: ['g:', 't::a', 't:shop:a', 'g:shop/carts', 't:shopping:a'],
    });

    hear('g:shop');

    expect(['k', IN_SHOP, IN_SHOP_CARTS, IN_SHOPPING].filter((key) => suppressed.hasKey(key))).toEqual([
      'k',
      IN_SHOPPING,
    ]);
    expect(
      ['g:', 't::a', 't:shop:a', 'g:shop/carts', 't:shopping:a'].filter((id) => suppressed.hasDependency(id)),
    ).toEqual(['g:', 't::a', 't:shopping:a']);
  });

  it('is told apart where a key reads as the id of a tag', () => {
    const { suppressed, hear } = told({ keys: ['t::a'] });

    hear('t::a');

    expect([suppressed.hasKey('t::a'), suppressed.hasDependency('t::a')]).toEqual([true, false]);
  });

  // A invalidates k; B misses the announcement. C loads k and stores it. Redis refuses writes, k changes, A can only say so.
  // B hears it, and only then reads from the log what it had missed.
  it.each([
    ['by whoever said so', { source: 'another', advised: 0 }],
    ['by a third', { source: 'a third', advised: 7 }],
  ])('is not believed again because of what was invalidated before, and heard late: %s', (_, body) => {
    const { suppressed, hear, hearKey } = told({ keys: ['k', IN_SHOP], dependencies: ['t::a'] });

    hearKey('k', body);
    hear('t::a', body);
    hear('g:', body);

    expect([suppressed.hasKey('k'), suppressed.hasKey(IN_SHOP), suppressed.hasDependency('t::a')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is believed again once whoever said so could remove it', () => {
    const { suppressed, hearKey } = told({ keys: ['k'] });

    hearKey('k');

    expect(suppressed.hasKey('k')).toBe(false);
  });

  it('is not believed again by what was sent before it was said once more', () => {
    const { suppressed, tell, hearKey } = told({ keys: ['k'] });
    tell('another', 2);

    hearKey('k', { advised: 1 });
    expect(suppressed.hasKey('k')).toBe(true);
    hearKey('k', { advised: 2 });

    expect(suppressed.hasKey('k')).toBe(false);
  });

  it('is believed again by what a third has certainly invalidated later: whoever said so may be gone', () => {
    const { suppressed, hear, hearKey } = told({ keys: ['k', 'other'], dependencies: ['t::a'] });

    hearKey('k', { source: 'a third', atMs: TOLD_AT + 300 });
    expect(suppressed.hasKey('k')).toBe(true);
    hearKey('k', { source: 'a third', atMs: TOLD_AT + 301 });

    expect([suppressed.hasKey('k'), suppressed.hasKey('other')]).toEqual([false, true]);
    hear('g:', { source: 'a third', atMs: TOLD_AT + 301 });
    expect([suppressed.hasKey('other'), suppressed.hasDependency('t::a')]).toEqual([false, false]);
  });

  it('is not believed again by a third where Redis’s time was not known', () => {
    const { suppressed, hearKey } = told({ keys: ['k'] }, false);

    hearKey('k', { source: 'a third', atMs: TOLD_AT + 3_600_000 });

    expect(suppressed.hasKey('k')).toBe(true);
  });

  it('is believed again once all who said so could remove it', () => {
    const { suppressed, tell, hearKey } = told({ keys: ['k'] });
    tell('a third', 4);

    hearKey('k');
    expect(suppressed.hasKey('k')).toBe(true);
    hearKey('k', { source: 'a third', advised: 4 });

    expect(suppressed.hasKey('k')).toBe(false);
  });

  it('costs bounded memory and work, whoever says it and of however much', () => {
    const suppressed = new Suppressed(new FakeClock());
    for (let i = 0; i < 1_000; i++) suppressed.addKey('k', { source: `forged ${i}`, advised: 1 }, TOLD_AT);
    for (let i = 0; i < 1_000; i++) suppressed.liftKey('k', { source: `forged ${i}`, advised: 1, redisMs: TOLD_AT });
    // Too many to keep apart.
    expect(suppressed.hasKey('k')).toBe(true);

    for (let i = 0; i < 150_000; i++) suppressed.addKey(`k${i}`, { source: 's', advised: i }, TOLD_AT);

    expect([suppressed.hasKey('k49999'), suppressed.hasKey('k50000')]).toEqual([false, true]);
  });
});
