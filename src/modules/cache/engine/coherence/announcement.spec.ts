import { parseAnnouncement, parseLogBody } from './announcement.js';

const VERSION = 'v'.repeat(24);
const INVALIDATION = { v: 1, p: 2, id: '2-0', prev: '1-0', b: { s: 'me', k: ['k'], t: [['t::a', VERSION]] } };
const BODY = {
  source: 'me',
  keys: ['k'],
  versions: [['t::a', VERSION]],
  isReset: false,
  isExpiry: false,
  tombstoneSequence: 0,
};

describe('announcements', () => {
  it('of an invalidation are read', () => {
    expect(parseAnnouncement(INVALIDATION)).toEqual({
      kind: 'invalidation',
      partition: 2,
      entry: { id: '2-0', previous: '1-0', body: BODY },
    });
  });

  it('of an invalidation are read in their short form', () => {
    const entry = { id: '1764300000012-0', previous: '1764300000000-3', body: BODY };
    expect(parseAnnouncement([2, 1_764_300_000_000, 3, 12, INVALIDATION.b])).toEqual({
      kind: 'invalidation',
      partition: 2,
      entry,
    });
    expect(parseAnnouncement([2, 1_764_300_000_000, 3, 12, 7, INVALIDATION.b])).toMatchObject({
      entry: { ...entry, id: '1764300000012-7' },
    });
  });

  it('of a wake-up, of tombstones and of a request for them are read', () => {
    expect(parseAnnouncement({ v: 1, w: ['k'] })).toEqual({ kind: 'wake', keys: ['k'] });
    expect(parseAnnouncement({ v: 1, q: 'me' })).toEqual({ kind: 'tombstone-request', source: 'me' });
    expect(parseAnnouncement({ v: 1, s: 'me', a: ['k'], d: ['t::a'], n: 3 })).toEqual({
      kind: 'tombstones',
      source: 'me',
      tombstoneSequence: 3,
      keys: ['k'],
      dependencies: ['t::a'],
    });
  });

  it.each([
    undefined,
    null,
    'text',
    [INVALIDATION],
    [],
    [0, 1, 2, INVALIDATION.b],
    [0, 1, 2, 3, 4, 5, INVALIDATION.b],
    [0, 1, -2, 3, INVALIDATION.b],
    [0, 1, '2', 3, INVALIDATION.b],
    [0, 1, 2, 3, { s: 1 }],
    {},
    { ...INVALIDATION, v: 2 },
    { ...INVALIDATION, p: -1 },
    { ...INVALIDATION, p: 1.5 },
    { ...INVALIDATION, p: '1' },
    { ...INVALIDATION, id: 'x' },
    { ...INVALIDATION, prev: undefined },
    { ...INVALIDATION, b: undefined },
    { ...INVALIDATION, b: { s: 1 } },
    { ...INVALIDATION, b: { s: 'me', k: [1] } },
    { ...INVALIDATION, b: { s: 'me', k: 'k' } },
    { ...INVALIDATION, b: { s: 'me', t: [['t::a', 'short']] } },
    { ...INVALIDATION, b: { s: 'me', t: [[1, VERSION]] } },
    { ...INVALIDATION, b: { s: 'me', t: [['t::a', VERSION, 1]] } },
    { ...INVALIDATION, b: { s: 'me', t: ['t::a'] } },
    { v: 1, w: 'k' },
    { v: 1, q: 1 },
    { v: 1, s: 'me', a: ['k'] },
    { v: 1, s: 1, a: ['k'], d: [] },
    { v: 1, w: Array.from({ length: 20_001 }, () => 'k') },
  ])('that are foreign are ignored: %#', (raw) => {
    expect(parseAnnouncement(raw)).toBeUndefined();
  });
});

describe('entries of the log', () => {
  it('are read, whatever they leave out', () => {
    expect(parseLogBody('{"s":"me"}')).toEqual({ ...BODY, keys: [], versions: [] });
    expect(parseLogBody(JSON.stringify({ ...INVALIDATION.b, r: 1, x: 1, n: 7 }))).toEqual({
      ...BODY,
      isReset: true,
      isExpiry: true,
      tombstoneSequence: 7,
    });
  });

  it.each([-1, 0, 1.5, '7', null])('count no tombstones for %p', (n) => {
    expect(parseLogBody(JSON.stringify({ s: 'me', n }))).toMatchObject({ tombstoneSequence: 0 });
  });

  it.each(['', '{', 'null', '[]', '{"k":["k"]}'])('that are foreign are ignored: %p', (text) => {
    expect(parseLogBody(text)).toBeUndefined();
  });
});
