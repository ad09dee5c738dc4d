import { parseUsage } from './parse-usage.js';
import type { ProtectedData, RedisUsage } from './redis-usage.types.js';
import { canEvict, usageWarnings } from './usage-warnings.js';

const sessions: ProtectedData = {
  name: 'sessions',
  hasTtl: true,
  consequence: 'users are logged out. Set SESSION_REDIS_URL.',
};
const tags: ProtectedData = { name: 'tags', hasTtl: false, consequence: 'that costs hits.' };
const usage = (parts: Partial<RedisUsage>): RedisUsage => ({
  ...parseUsage('used_memory:100\r\nmaxmemory:1000\r\n'),
  ...parts,
});
const warnings = (parts: Partial<RedisUsage>, before?: RedisUsage) =>
  usageWarnings(usage(parts), before, { warnRatio: 0.8, criticalRatio: 0.95 }, [sessions, tags]);

describe('usageWarnings', () => {
  it.each([
    [0.79, []],
    [0.8, ['memory-high warning']],
    [0.94, ['memory-high warning']],
    [0.95, ['memory-critical critical']],
    [1.2, ['memory-critical critical']],
  ])('a Redis that is %d full', (usedRatio, expected) => {
    expect(warnings({ usedRatio }).map(({ code, severity }) => `${code} ${severity}`)).toEqual(expected);
  });

  it('names the figure and the remedy', () => {
    expect(warnings({ usedRatio: 0.873 })[0]!.message).toBe(
      'Redis uses 87 % of its memory: raise maxmemory, or shorten CACHE_TTL.',
    );
  });

  it('mentions a missing limit, and then no policy, since no policy acts', () => {
    expect(
      warnings({ maxBytes: undefined, usedRatio: undefined, evictionPolicy: 'allkeys-lru' }).map(({ code }) => code),
    ).toEqual(['memory-unlimited']);
  });

  it.each([
    ['allkeys-lru', ['policy-evicts sessions', 'policy-evicts tags']],
    ['volatile-lfu', ['policy-evicts sessions']],
    ['noeviction', ['policy-refuses-writes']],
    [undefined, []],
  ])('the policy %s', (evictionPolicy, expected) => {
    expect(warnings({ evictionPolicy }).map(({ code, about }) => [code, about].filter(Boolean).join(' '))).toEqual(
      expected,
    );
  });

  it('names the consequences of an eviction', () => {
    expect(warnings({ evictionPolicy: 'volatile-ttl' })[0]!.message).toBe(
      'maxmemory-policy volatile-ttl may evict sessions: users are logged out. Set SESSION_REDIS_URL.',
    );
  });

  it('notices evictions since the last look only', () => {
    expect(warnings({ evictedKeys: 12 })).toEqual([]);
    expect(warnings({ evictedKeys: 12 }, usage({ evictedKeys: 12 }))).toEqual([]);
    expect(warnings({ evictedKeys: 12 }, usage({ evictedKeys: 5 }))[0]).toMatchObject({
      code: 'evicting',
      message: expect.stringContaining('evicted 7 keys'),
    });
    // The server restarted and counts from 0.
    expect(warnings({ evictedKeys: 2 }, usage({ evictedKeys: 5 }))).toEqual([]);
  });
});

describe('canEvict', () => {
  it.each([
    ['noeviction', false, false],
    ['volatile-lru', true, false],
    ['volatile-ttl', true, false],
    ['allkeys-random', true, true],
  ])('%s: with a ttl %s, without %s', (policy, withTtl, without) => {
    expect([canEvict(policy, { hasTtl: true }), canEvict(policy, { hasTtl: false })]).toEqual([withTtl, without]);
  });
});
