import { isWithin, KeyLayout, partsOf, pathOfDependency, plainOrHashed } from './key-layout.js';

describe('names in Redis', () => {
  const one = new KeyLayout('shop', 1);
  const many = new KeyLayout('shop', 64);

  it('lie in one hash slot where there is one partition', () => {
    expect(one.address('k', '', 'k')).toEqual({ memoryKey: 'k', slot: '{shop}:v::k', partition: 0 });
    expect(one.address('\u0001a/b\u0001k', 'a/b', 'k').slot).toBe('{shop}:v:a/b:k');
    expect(one.dependency('t::sale')).toEqual({ key: '{shop}:t::sale', partition: 0 });
    expect([one.log(0), one.channel]).toEqual(['{shop}:log', 'shop:invalidations']);
  });

  it('are spread over partitions, each name always in the same one', () => {
    const partitions = new Set(Array.from({ length: 1_000 }, (_, i) => many.address(`k${i}`, '', `k${i}`).partition));
    expect(partitions.size).toBeGreaterThan(50);
    for (const partition of partitions) expect(partition >= 0 && partition < 64).toBe(true);
    const { slot, partition } = many.address('k', '', 'k');
    expect(slot).toBe(`{shop:${partition}}:v::k`);
    expect(many.addressOf('k')).toEqual(many.address('k', '', 'k'));
    expect(many.log(3)).toBe('{shop:3}:log');
  });

  it('are found again by the key in memory', () => {
    expect(partsOf('k')).toEqual({ path: '', key: 'k' });
    expect(partsOf('\u0001a/b\u0001k')).toEqual({ path: 'a/b', key: 'k' });
    // A root key that begins with the separator.
    expect(partsOf('\u0001\u0001\u0001k')).toEqual({ path: '', key: '\u0001k' });
    expect(one.addressOf('\u0001a\u0001k')).toEqual(one.address('\u0001a\u0001k', 'a', 'k'));
  });

  it('stay short: a long name, or one that is no valid text, is its hash', () => {
    expect(plainOrHashed('x'.repeat(200))).toBe('x'.repeat(200));
    expect(plainOrHashed('x'.repeat(201))).toMatch(/^#[\w-]{43}$/);
    expect(plainOrHashed('\ud800')).toMatch(/^#[\w-]{43}$/);
    expect(plainOrHashed('\ud800')).not.toBe(plainOrHashed('\ud801'));
    // No plain name can be taken for a hash.
    expect(plainOrHashed('#plain')).toBe('###plain');
  });

  it('of tags and generations carry the path of their namespace', () => {
    expect(['g:', 'g:a/b', 't::sale', 't:a/b:sale'].map(pathOfDependency)).toEqual(['', 'a/b', '', 'a/b']);
  });

  it('tell which namespaces lie within another', () => {
    const within = (path: string): boolean[] => ['', 'a', 'a/b'].map((outer) => isWithin(path, outer));
    expect(within('')).toEqual([true, false, false]);
    expect(within('a')).toEqual([true, true, false]);
    expect(within('a/b/c')).toEqual([true, true, true]);
    expect(within('ab')).toEqual([true, false, false]);
  });

  it.each([0, -1, 1.5, 1_025, Number.NaN])('%p partitions are refused', (partitions) => {
    expect(() => new KeyLayout('shop', partitions)).toThrow(RangeError);
  });

  it.each([1, 1_024])('%p partitions are taken', (partitions) => {
    expect(new KeyLayout('shop', partitions).partitions).toBe(partitions);
  });
});
