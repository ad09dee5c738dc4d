import fc from 'fast-check';
import { seededRandom } from '../../../../../test/support/seeded-random.js';
import type { Resident } from '../../engine/ports/memory-tier.js';
import { MemoryStore } from './memory-store.js';

interface Item extends Resident {
  id: number;
}

const item = (sizeBytes = 1, id = 0): Item => ({
  id,
  sizeBytes,
  key: '',
  uses: 0,
  queue: undefined,
  newer: undefined,
  older: undefined,
});

describe('a value in the store', () => {
  it('is the last one of its key, until it is deleted or the store is cleared', () => {
    const store = new MemoryStore<Item>({ maxBytes: 100 });
    const [first, second] = [item(1), item(2)];
    expect(store.get('a')).toBeUndefined();
    expect(store.set('a', first)).toBe(true);
    expect(store.get('a')).toBe(first);
    store.set('a', second);
    expect([store.get('a'), store.peek('a'), store.count, store.usedBytes]).toEqual([second, second, 1, 2]);
    expect([store.delete('a'), store.delete('a'), store.get('a'), store.usedBytes]).toEqual([
      true,
      false,
      undefined,
      0,
    ]);
    store.set('a', first);
    store.clear();
    expect([store.get('a'), store.count, store.usedBytes]).toEqual([undefined, 0, 0]);
  });

  it('may have any key', () => {
    const store = new MemoryStore<Item>({ maxBytes: 100 });
    const keys = ['', '__proto__', 'constructor', '\ud800', 'ключ'];
    keys.forEach((key, id) => store.set(key, item(1, id)));
    expect(keys.map((key) => store.get(key)?.id)).toEqual([0, 1, 2, 3, 4]);
  });

  it('can be visited, and deleted at the visit', () => {
    const store = new MemoryStore<Item>({ maxBytes: 100 });
    for (let id = 0; id < 10; id++) store.set(`k${id}`, item(1, id));
    const seen: string[] = [];
    for (const { id, key } of store.values()) {
      seen.push(key);
      if ((id as number) % 2 === 0) store.delete(key);
    }
    expect(seen).toHaveLength(10);
    expect(store.count).toBe(5);
  });

  it('needs a bound that is a positive number', () => {
    for (const maxBytes of [0, -1, Number.NaN]) expect(() => new MemoryStore({ maxBytes })).toThrow(RangeError);
  });
});

describe('the bound', () => {
  it('is never exceeded, and the counts are true, whatever is done', () => {
    const key = fc.integer({ min: 0, max: 20 }).map((id) => `k${id}`);
    const command = fc.oneof(
      fc.tuple(fc.constant('set' as const), key, fc.integer({ min: 0, max: 120 })),
      fc.tuple(fc.constant('get' as const), key, fc.constant(0)),
      fc.tuple(fc.constant('delete' as const), key, fc.constant(0)),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const evicted: string[] = [];
        const model = new Map<string, Item>();
        const store = new MemoryStore<Item>({ maxBytes: 100, onEvict: (_, evictedKey) => evicted.push(evictedKey) });
        for (const [name, commandKey, sizeBytes] of commands) {
          if (name === 'set') {
            const entry = item(sizeBytes);
            const isStored = store.set(commandKey, entry);
            expect(isStored).toBe(sizeBytes <= 100);
            expect(store.peek(commandKey)).toBe(isStored ? entry : undefined);
            model.delete(commandKey);
            if (isStored) model.set(commandKey, entry);
          } else if (name === 'get') {
            expect(store.get(commandKey)).toBe(model.get(commandKey));
          } else {
            expect(store.delete(commandKey)).toBe(model.delete(commandKey));
          }
          for (const evictedKey of evicted.splice(0)) expect(model.delete(evictedKey)).toBe(true);
          const entries = [...model.values()];
          expect(store.count).toBe(entries.length);
          expect(store.usedBytes).toBe(entries.reduce((sum, entry) => sum + entry.sizeBytes, 0));
          expect(store.usedBytes).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leaves no older value behind when the new one is too large', () => {
    const store = new MemoryStore<Item>({ maxBytes: 10 });
    store.set('a', item(5));
    expect(store.set('a', item(11))).toBe(false);
    expect(store.peek('a')).toBeUndefined();
  });

  it('is reported when it was evicted, and only then', () => {
    const evicted: string[] = [];
    const store = new MemoryStore<Item>({ maxBytes: 10, onEvict: (_, key) => evicted.push(key) });
    store.set('replaced', item(4));
    store.set('replaced', item(5));
    store.set('deleted', item(5));
    store.delete('deleted');
    expect(evicted).toEqual([]);
    store.set('large', item(10));
    expect(evicted).toEqual(['replaced']);
    store.clear();
    expect(evicted).toEqual(['replaced']);
  });
});

describe('an entry that is evicted', () => {
  const filled = (): MemoryStore<Item> => {
    const store = new MemoryStore<Item>({ maxBytes: 1_000 });
    for (let id = 0; id < 1_000; id++) store.set(`k${id}`, item());
    return store;
  };

  it('was never used, as long as there are such entries', () => {
    const store = filled();
    for (let id = 0; id < 500; id++) store.get(`k${id * 2}`);
    for (let id = 0; id < 500; id++) store.set(`new${id}`, item());
    for (let id = 0; id < 500; id++) expect(store.peek(`k${id * 2}`)).toBeDefined();
  });

  it('does not depend on peeks', () => {
    const store = filled();
    store.peek('k0');
    store.set('one more', item());
    expect(store.peek('k0')).toBeUndefined();
  });

  it('comes back to stay when it is asked for again soon after', () => {
    const store = filled();
    for (let id = 500; id < 1_000; id++) store.get(`k${id}`);
    store.set('early', item());
    expect(store.peek('k0')).toBeUndefined();
    store.set('k0', item());
    for (let id = 0; id < 2_000; id++) store.set(`flood${id}`, item());
    expect(store.peek('k0')).toBeDefined();
    expect(store.peek('early')).toBeUndefined();
  });

  it('is not an entry that earned its place, was deleted and set anew', () => {
    const store = filled();
    store.get('k0');
    for (let id = 0; id < 500; id++) store.set(`new${id}`, item());
    store.delete('k0');
    store.set('k0', item());
    for (let id = 0; id < 2_000; id++) store.set(`flood${id}`, item());
    expect(store.peek('k0')).toBeDefined();
  });
});

describe('a flood of a million keys that are asked for once', () => {
  const HOT_KEYS = 1_000;

  /** Share of the reads of hot keys that hit, with so many keys never seen before stored after each. */
  function hotHitRatio(store: MemoryStore<Item>, hotReads: number, floodKeysPerRead: number): number {
    const random = seededRandom(7);
    let hits = 0;
    let floodKeys = 0;
    for (let read = 0; read < hotReads; read++) {
      const key = `hot:${Math.floor(random() * HOT_KEYS)}`;
      if (store.get(key)) hits++;
      else store.set(key, item());
      for (let count = 0; count < floodKeysPerRead; count++) store.set(`unique:${floodKeys++}`, item());
    }
    return hits / hotReads;
  }

  it('leaves the hot set where it was', () => {
    const store = new MemoryStore<Item>({ maxBytes: 2_000 });
    const before = hotHitRatio(store, 200_000, 0);
    const during = hotHitRatio(store, 200_000, 5);
    expect(before).toBeGreaterThan(0.99);
    expect(during).toBeGreaterThan(before - 0.01);
  });

  it('leaves it even where it comes before the hot set was ever read', () => {
    const store = new MemoryStore<Item>({ maxBytes: 2_000 });
    expect(hotHitRatio(store, 50_000, 5)).toBeGreaterThan(0.9);
  });
});
