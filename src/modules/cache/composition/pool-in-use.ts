import type { Clock } from '../../../common/clock.js';
import { createRedisPool, type RedisPool, type RedisSource } from '../../redis/library.js';

/** The pool of a cache. */
export interface PoolInUse {
  readonly pool: RedisPool;
  /** True if the pool was made for this cache, which then closes it. */
  readonly isOwned: boolean;
}

/** Uses the pool that was given, or makes one for the given URL, client or ioredis options. */
export function usePool(source: RedisSource | RedisPool, clock: Clock, namespace: string): PoolInUse {
  if (typeof source === 'object' && 'monitor' in source && 'subscriber' in source)
    return { pool: source, isOwned: false };
  const pool = createRedisPool(source as RedisSource, { clock, monitor: { probeKeyPrefix: namespace } });
  return { pool, isOwned: true };
}
