import { infoField } from '../monitor/info-field.js';
import type { RedisUsage } from './redis-usage.types.js';

/** `dbN:keys=12,expires=3,…` */
const KEYSPACE = /^db\d+:keys=(\d+),expires=(\d+)/gm;

/**
 * What INFO says of usage. Providers leave fields out; what is missing counts as 0 or unknown.
 *
 * @param limitBytes what the server may use, where it does not say so itself.
 */
export function parseUsage(info: string, limitBytes?: number): RedisUsage {
  const number = (name: string) => Number(infoField(info, name) ?? 0);
  const keyspace = [...info.matchAll(KEYSPACE)];
  const usedBytes = number('used_memory');
  const maxBytes = limitBytes ?? (number('maxmemory') || undefined);
  return {
    version: infoField(info, 'redis_version') ?? 'unknown',
    usedBytes,
    maxBytes,
    usedRatio: maxBytes === undefined ? undefined : usedBytes / maxBytes,
    fragmentationRatio: number('mem_fragmentation_ratio'),
    evictionPolicy: infoField(info, 'maxmemory_policy'),
    evictedKeys: number('evicted_keys'),
    expiredKeys: number('expired_keys'),
    keys: sum(keyspace.map(([, keys]) => Number(keys))),
    keysWithTtl: sum(keyspace.map(([, , expires]) => Number(expires))),
    keyspaceHits: number('keyspace_hits'),
    keyspaceMisses: number('keyspace_misses'),
    connectedClients: number('connected_clients'),
  };
}

/** Several servers as one: sums, and the fullest server's ratio. */
export function combineUsage([first, ...others]: readonly [RedisUsage, ...RedisUsage[]]): RedisUsage {
  return others.reduce<RedisUsage>(
    (all, one) => ({
      version: all.version,
      usedBytes: all.usedBytes + one.usedBytes,
      maxBytes: all.maxBytes === undefined || one.maxBytes === undefined ? undefined : all.maxBytes + one.maxBytes,
      usedRatio: all.usedRatio === undefined ? one.usedRatio : Math.max(all.usedRatio, one.usedRatio ?? 0),
      fragmentationRatio: Math.max(all.fragmentationRatio, one.fragmentationRatio),
      evictionPolicy: all.evictionPolicy,
      evictedKeys: all.evictedKeys + one.evictedKeys,
      expiredKeys: all.expiredKeys + one.expiredKeys,
      keys: all.keys + one.keys,
      keysWithTtl: all.keysWithTtl + one.keysWithTtl,
      keyspaceHits: all.keyspaceHits + one.keyspaceHits,
      keyspaceMisses: all.keyspaceMisses + one.keyspaceMisses,
      connectedClients: all.connectedClients + one.connectedClients,
    }),
    first,
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
