/** Memory, evictions and keys of Redis, summed over the masters of a Cluster. */
export interface RedisUsage {
  /** The version of the first server. */
  readonly version: string;
  readonly usedBytes: number;
  /** `maxmemory`, or the configured limit; `undefined` without a limit. */
  readonly maxBytes: number | undefined;
  /** Share of the limit in use on the fullest server; `undefined` without a limit. */
  readonly usedRatio: number | undefined;
  readonly fragmentationRatio: number;
  /** `maxmemory-policy`; `undefined` when Redis does not report it. */
  readonly evictionPolicy: string | undefined;
  /** Keys evicted since the servers started. */
  readonly evictedKeys: number;
  readonly expiredKeys: number;
  readonly keys: number;
  /** Keys with a ttl: the only ones that a `volatile-` policy can evict. */
  readonly keysWithTtl: number;
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
  readonly connectedClients: number;
}

/** A warning to operators about Redis. */
export interface RedisWarning {
  readonly code: RedisWarningCode;
  /** The affected data, for kinds of which several warnings can be active at once. */
  readonly about?: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** The problem and its remedy, without keys and values. */
  readonly message: string;
}

export type RedisWarningCode =
  | 'memory-high'
  | 'memory-critical'
  | 'memory-unlimited'
  | 'evicting'
  | 'policy-refuses-writes'
  | 'policy-evicts'
  | 'policy-not-set'
  | 'info-denied';

/** Data in Redis whose eviction does harm. */
export interface ProtectedData {
  /** Its name in warnings: `'sessions'`. */
  readonly name: string;
  /** Whether its keys have a ttl, so that a `volatile-` policy may evict them too. */
  readonly hasTtl: boolean;
  /** The consequence of an eviction and its remedy, as a sentence. */
  readonly consequence: string;
}
