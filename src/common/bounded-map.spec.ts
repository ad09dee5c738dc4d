import fc from 'fast-check';
import { collectGarbage } from '../../test/support/collect-garbage.js';
import { SEED } from '../../test/support/seeded-random.js';
import { BoundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  it('deletes the oldest entry past its size, and returns it', () => {
    const map = new BoundedMap<string, number>(2);
    expect([map.set('a', 1), map.set('b', 2), map.set('c', 3)]).toEqual([undefined, undefined, ['a', 1]]);
    expect([...map.keys()]).toEqual(['b', 'c']);
  });

  it('counts an entry that is set again as the newest', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect(map.set('c', 4)).toEqual(['b', 2]);
    expect([...map.values()]).toEqual([3, 4]);
  });

  it('deletes the oldest entry on request; nothing when it is empty', () => {
    const map = new BoundedMap<string, number>(9);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.deleteOldest(), map.deleteOldest(), map.deleteOldest()]).toEqual([['a', 1], ['b', 2], undefined]);
    map.set('c', 3);
    expect(map.deleteOldest()).toEqual(['c', 3]);
  });

  it('begins anew after it was cleared', () => {
    const map = new BoundedMap<string, number>(1);
    map.set('a', 1);
    map.set('b', 2);
    map.clear();
    expect([map.size, map.set('c', 3), map.set('d', 4)]).toEqual([0, undefined, ['c', 3]]);
  });

  it('is a list of unique keys in the order of their last write, whatever is done to it', () => {
    const key = fc.integer({ min: 0, max: 7 });
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('set' as const, 'delete' as const), key }),
      fc.record({ kind: fc.constantFrom('deleteOldest' as const, 'clear' as const), key }),
    );
    const property = fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 60 }),
      (maxSize, steps) => {
        const map = new BoundedMap<number, number>(maxSize);
        let model: number[] = [];
        for (const { kind, key } of steps) {
          if (kind === 'set') {
            model = [...model.filter((other) => other !== key), key];
            expect(map.set(key, key)?.[0]).toBe(model.length > maxSize ? model.shift() : undefined);
          } else if (kind === 'delete') {
            expect(map.delete(key)).toBe(model.includes(key));
            model = model.filter((other) => other !== key);
          } else if (kind === 'deleteOldest') expect(map.deleteOldest()?.[0]).toBe(model.shift());
          else {
            map.clear();
            model = [];
          }
          expect([...map.keys()]).toEqual(model);
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('keeps no memory of writes to keys it has already', async () => {
    const map = new BoundedMap<string, number>(1_000);
    const write = (count: number) => {
      for (let i = 0; i < count; i++) map.set(`key ${i % 100}`, i);
    };
    // One eviction, so that there is an iterator.
    for (let i = 0; i <= 1_000; i++) map.set(`first ${i}`, i);
    map.clear();
    for (let i = 0; i <= 1_000; i++) map.set(`second ${i}`, i);
    for (let i = 1; i <= 1_000; i++) map.delete(`second ${i}`);
    write(1_000);
    await collectGarbage();
    const before = process.memoryUsage().heapUsed;
    write(1_000_000);
    await collectGarbage();
    const grownMb = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    expect(grownMb).toBeLessThan(20);
  });

  it('finds the oldest of many without a walk over the deleted ones', () => {
    const map = new BoundedMap<number, number>(100_000);
    // A walk each time would take some ten billion steps, and this test minutes.
    for (let i = 0; i < 300_000; i++) map.set(i, i);
    expect(map.size).toBe(100_000);
    expect(map.deleteOldest()).toEqual([200_000, 200_000]);
  });
});
