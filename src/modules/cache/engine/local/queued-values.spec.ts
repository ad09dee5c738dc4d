import type { SlotAddress } from '../ports/remote-tier.js';
import { type QueuedValue, QueuedValues } from './queued-values.js';

function queued(memoryKey: string, sizeBytes = 10): QueuedValue {
  return {
    address: { memoryKey } as SlotAddress,
    value: memoryKey,
    sizeBytes,
    calledAtMs: 0,
    freshMs: 1_000,
    graceMs: 0,
    compressAboveBytes: 1_024,
    dependencies: [],
    localChanges: [],
    versionsInHeader: () => ({ generations: [], tags: [] }),
  };
}

const keysOf = (values: QueuedValues) => values.all().map(({ value }) => value);

describe('values that wait for Redis', () => {
  it('are in the order of their last set, one for each key', () => {
    const values = new QueuedValues();
    const [first, second, again] = [queued('a'), queued('b'), queued('a')];
    for (const value of [first, second, again]) values.add(value);
    expect(keysOf(values)).toEqual(['b', 'a']);
    expect(values.has(first)).toBe(false);
    expect(values.has(again)).toBe(true);
  });

  it('are dropped by key', () => {
    const values = new QueuedValues();
    values.drop('a');
    values.add(queued('a'));
    values.add(queued('b'));
    values.drop('a');
    values.drop('absent');
    expect(keysOf(values)).toEqual(['b']);
    expect(values.size).toBe(1);
  });

  it('are bounded in number: the oldest is dropped', () => {
    const values = new QueuedValues({ maxValues: 2, maxBytes: 1_000 });
    for (const key of ['a', 'b', 'c']) values.add(queued(key));
    expect(keysOf(values)).toEqual(['b', 'c']);
  });

  it('are bounded in bytes, which dropped and replaced values give back', () => {
    const values = new QueuedValues({ maxValues: 10, maxBytes: 100 });
    values.add(queued('a', 50));
    values.add(queued('b', 50));
    values.add(queued('a', 40));
    values.drop('b');
    values.add(queued('c', 60));
    expect(keysOf(values)).toEqual(['a', 'c']);
    values.add(queued('d', 1));
    expect(keysOf(values)).toEqual(['c', 'd']);
  });

  it('give back all their bytes when they are cleared', () => {
    const values = new QueuedValues({ maxValues: 10, maxBytes: 100 });
    values.add(queued('a', 100));
    values.clear();
    expect(values.size).toBe(0);
    values.add(queued('b', 100));
    expect(keysOf(values)).toEqual(['b']);
  });
});
