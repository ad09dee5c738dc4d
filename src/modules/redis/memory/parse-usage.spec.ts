import { combineUsage, parseUsage } from './parse-usage.js';

const INFO = [
  '# Server',
  'redis_version:7.0.15',
  '# Clients',
  'connected_clients:6',
  '# Memory',
  'used_memory:1500000',
  'used_memory_human:1.43M',
  'maxmemory:3000000',
  'maxmemory_policy:allkeys-lru',
  'mem_fragmentation_ratio:1.25',
  '# Stats',
  'expired_keys:3',
  'evicted_keys:7',
  'keyspace_hits:10',
  'keyspace_misses:4',
  '# Keyspace',
  'db0:keys=100,expires=90,avg_ttl=0',
  'db3:keys=5,expires=0,avg_ttl=0',
  '',
].join('\r\n');

const usage = {
  version: '7.0.15',
  usedBytes: 1_500_000,
  maxBytes: 3_000_000,
  usedRatio: 0.5,
  fragmentationRatio: 1.25,
  evictionPolicy: 'allkeys-lru',
  evictedKeys: 7,
  expiredKeys: 3,
  keys: 105,
  keysWithTtl: 90,
  keyspaceHits: 10,
  keyspaceMisses: 4,
  connectedClients: 6,
};

describe('parseUsage', () => {
  it('reads INFO', () => {
    expect(parseUsage(INFO)).toEqual(usage);
  });

  it('takes maxmemory 0 for no limit, and a given limit for the limit', () => {
    const unlimited = INFO.replace('maxmemory:3000000', 'maxmemory:0');
    expect(parseUsage(unlimited)).toMatchObject({ maxBytes: undefined, usedRatio: undefined });
    expect(parseUsage(unlimited, 6_000_000)).toMatchObject({ maxBytes: 6_000_000, usedRatio: 0.25 });
  });

  it('lives with a provider that tells little', () => {
    expect(parseUsage('used_memory:12\r\n')).toMatchObject({
      version: 'unknown',
      usedBytes: 12,
      maxBytes: undefined,
      evictionPolicy: undefined,
      keys: 0,
    });
  });
});

describe('combineUsage', () => {
  it('adds servers up and keeps the fullest ratio', () => {
    const fuller = { ...usage, usedBytes: 2_700_000, usedRatio: 0.9 };
    expect(combineUsage([usage, fuller])).toMatchObject({
      usedBytes: 4_200_000,
      maxBytes: 6_000_000,
      usedRatio: 0.9,
      keys: 210,
      evictedKeys: 14,
    });
  });

  it('has no limit for the whole when a server has no limit', () => {
    expect(combineUsage([{ ...usage, maxBytes: undefined, usedRatio: undefined }, usage])).toMatchObject({
      maxBytes: undefined,
      usedRatio: 0.5,
    });
  });
});
