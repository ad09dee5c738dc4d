import { decodeData, encodeData, mergeData } from './session-data.js';
import type { SessionData } from '../session.types.js';

describe('merging session data', () => {
  // The examples of RFC 7396, appendix A, whose target and patch are objects.
  it.each<[SessionData, SessionData, SessionData]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j gives %j', (current, patch, merged) => {
    expect(mergeData(Object.freeze(current), patch)).toEqual(merged);
  });

  it('gives a member called __proto__ no meaning', () => {
    const merged = mergeData({}, JSON.parse('{"a":{"__proto__":{"isAdmin":true}}}') as SessionData);
    expect((merged['a'] as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('storing session data', () => {
  it('gives back the same, deeply frozen', () => {
    const data = decodeData(encodeData({ a: { b: [{ c: 1 }] }, text: 'é\u0000' }, 1_000));
    expect(data).toEqual({ a: { b: [{ c: 1 }] }, text: 'é\u0000' });
    expect(() => ((data as { a: { b: { c: number }[] } }).a.b[0]!.c = 2)).toThrow(TypeError);
  });

  it('counts bytes, not characters', () => {
    expect(encodeData({ a: 'éé' }, 12)).toHaveLength(10);
    expect(() => encodeData({ a: 'éé' }, 11)).toThrow('12 bytes');
  });

  it('refuses data nested deeper than 32, however deep', () => {
    const nested = (depth: number) => JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`) as SessionData;
    expect(() => encodeData(nested(32), 1_000)).not.toThrow();
    expect(() => encodeData(nested(33), 1_000)).toThrow('nested');
    expect(() => encodeData(nested(100_000), 1_000_000)).toThrow('nested');
  });

  it('refuses a member called __proto__ at any depth', () => {
    expect(() => encodeData(JSON.parse('{"a":[{"__proto__":1}]}') as SessionData, 1_000)).toThrow('__proto__');
  });
});
