import { infoField } from '../monitor/info-field.js';
import type { RedisUsage } from './redis-usage.types.js';

/** `dbN:keys=12,expires=3,…` */
const KEYSPACE = /^db\d+:keys=(\d+),expires=(\d+)/gm;

/**
 * Reads the usage from INFO. Providers leave fields out; a missing field counts as 0 or unknown.
 *
 * @param limitBytes the memory limit, for a server that does not report next.
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

/** Combines the usage of several servers: sums, and the ratio of the fullest server. */
export function combineUsage([first, ...others]: readonly [RedisUsage, ...RedisUsage[]]): RedisUsage {
  return others.reduce<RedisUsage>(
    (all, next) => ({
      version: all.version,
      usedBytes: all.usedBytes + next.usedBytes,
      maxBytes: all.maxBytes === undefined || next.maxBytes === undefined ? undefined : all.maxBytes + next.maxBytes,
      usedRatio: all.usedRatio === undefined ? next.usedRatio : Math.max(all.usedRatio, next.usedRatio ?? 0),
      fragmentationRatio: Math.max(all.fragmentationRatio, next.fragmentationRatio),
      evictionPolicy: all.evictionPolicy,
      evictedKeys: all.evictedKeys + next.evictedKeys,
      expiredKeys: all.expiredKeys + next.expiredKeys,
      keys: all.keys + next.keys,
      keysWithTtl: all.keysWithTtl + next.keysWithTtl,
      keyspaceHits: all.keyspaceHits + next.keyspaceHits,
      keyspaceMisses: all.keyspaceMisses + next.keyspaceMisses,
      connectedClients: all.connectedClients + next.connectedClients,
    }),
    first,
  );
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
