import { LocalCoherence } from '../../../src/modules/cache/engine/coherence/local-coherence.js';
import { DependencyTable } from '../../../src/modules/cache/engine/dependency-table.js';
import { EventBus } from '../../../src/modules/cache/engine/event-bus.js';
import { KeyFence } from '../../../src/modules/cache/engine/fence.js';
import { FlightTable } from '../../../src/modules/cache/engine/flight-table.js';
import { MemoryLevel } from '../../../src/modules/cache/engine/memory-level.js';
import { NoMemoryTier } from '../../../src/modules/cache/engine/memory-tier.none.js';
import type { RemoteTier } from '../../../src/modules/cache/engine/remote-tier.js';
import { KeyLayout } from '../../../src/modules/cache/engine/scope.js';
import { Suppressed } from '../../../src/modules/cache/engine/suppressed.js';
import { newVersion } from '../../../src/modules/cache/engine/version.js';
import { ManualClock } from '../../support/manual-clock.js';

const IN_SHOP = '\u0001shop\u0001k';
const IN_SHOP_CARTS = '\u0001shop/carts\u0001k';
const IN_SHOPPING = '\u0001shopping\u0001k';

/** An instance that was told what another could not invalidate. */
function told({ keys = [], dependencies = [] }: { keys?: readonly string[]; dependencies?: readonly string[] }) {
  const table = new DependencyTable();
  const clock = new ManualClock();
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
    {} as RemoteTier,
    suppressed,
    new EventBus(),
    () => undefined,
  );
  coherence.suppress({ kind: 'advice', source: 'another', keys, dependencies });
  const hear = (id: string, { isExpiry = false } = {}) =>
    coherence.apply({
      id: '1-1',
      previous: '0-0',
      body: { source: 'a third', keys: [], versions: [[id, newVersion()]], isReset: false, isExpiry },
    });
  return { suppressed, hear };
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
});
