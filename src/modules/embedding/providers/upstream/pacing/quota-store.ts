import type { RedisPool } from '../../../../redis/index.js';

/** The Redis through which instances share their quotas. */
export interface QuotaStore {
  readonly pool: RedisPool;
  /** First part of every key. */
  readonly namespace: string;
}
