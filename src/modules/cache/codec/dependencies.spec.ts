import { type Dependencies, dependenciesLength, readDependencies, writeDependencies } from './dependencies.js';

const version = (text: string): string => text.padEnd(24, '.');
const tagVersion = (tag: string) => ({ tag, version: version(String(tag.length)) });

/** Writes a section behind `start` bytes that are not its own, and before as many. */
function written(dependencies: Dependencies, start = 0): Buffer {
  const bytes = Buffer.alloc(start + dependenciesLength(dependencies) + start, 0xff);
  writeDependencies(dependencies, bytes, start);
  return bytes;
}

const SECTIONS: Record<string, Dependencies> = {
  'no dependency': { generations: [], tags: [] },
  'a generation': { generations: [version('g')], tags: [] },
  'nested namespaces': { generations: ['a', 'b', 'c', 'd', 'e'].map(version), tags: [] },
  'a tag': { generations: [], tags: [tagVersion('t')] },
  'both, with tags beyond ASCII': { generations: [version('g')], tags: ['ä', '漢字', ''].map(tagVersion) },
  'the most generations': { generations: Array.from({ length: 255 }, (_, i) => version(`${i}`)), tags: [] },
  'the longest tag': { generations: [], tags: [{ tag: 'x'.repeat(0xffff), version: version('v') }] },
};

describe('the dependencies of an entry', () => {
  it.each(Object.entries(SECTIONS))('are read as they were written: %s', (_, dependencies) => {
    for (const start of [0, 7]) {
      const bytes = written(dependencies, start);
      expect(readDependencies(bytes, start, bytes.length - start)).toEqual(dependencies);
      // A second time, since short sections are remembered.
      expect(readDependencies(bytes, start, bytes.length - start)).toEqual(dependencies);
    }
  });

  it('take no byte where there are none', () => {
    expect(dependenciesLength({ generations: [], tags: [] })).toBe(0);
  });

  it.each<[string, Dependencies, string]>([
    [
      'too many namespaces',
      { generations: Array.from({ length: 256 }, () => version('g')), tags: [] },
      'More than 255 nested namespaces',
    ],
    [
      'a tag that is too long',
      { generations: [], tags: [{ tag: 'x'.repeat(0x10000), version: version('v') }] },
      'A tag is longer than 65535 bytes',
    ],
    ['a version of another length', { generations: ['short'], tags: [] }, 'A version has 5 characters, not 24'],
  ])('are refused: %s', (_, dependencies, message) => {
    expect(() => written(dependencies)).toThrow(new RangeError(message));
  });
});

describe('a section that is damaged', () => {
  const bytes = written({ generations: [version('g')], tags: [tagVersion('one'), tagVersion('two')] });

  it('is unreadable wherever it is cut', () => {
    for (let end = 1; end < bytes.length; end++) expect(readDependencies(bytes, 0, end)).toBeUndefined();
  });

  it('is unreadable with bytes behind it', () => {
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
    expect(readDependencies(longer, 0, longer.length)).toBeUndefined();
  });

  it('is unreadable if it counts no tag and has bytes behind it', () => {
    const [length] = [dependenciesLength({ generations: [version('g')], tags: [] })];
    const withoutTags = Buffer.alloc(length + 2);
    writeDependencies({ generations: [version('g')], tags: [] }, withoutTags, 0);
    expect(readDependencies(withoutTags, 0, withoutTags.length)).toBeUndefined();
  });

  it('is unreadable if it counts more or fewer tags than it has', () => {
    for (const count of [1, 3]) {
      const other = Buffer.from(bytes);
      other.writeUInt32LE(count, 1 + 24);
      expect(readDependencies(other, 0, other.length)).toBeUndefined();
    }
  });
});
