/** How full Redis is and what it does about it, summed over the masters of a Cluster. */
export interface RedisUsage {
  /** Of the first server asked. */
  readonly version: string;
  readonly usedBytes: number;
  /** `maxmemory`, or what the configuration says Redis may use; `undefined` when there is no limit. */
  readonly maxBytes: number | undefined;
  /** Share of the limit in use on the fullest server; `undefined` without a limit. */
  readonly usedRatio: number | undefined;
  readonly fragmentationRatio: number;
  /** `maxmemory-policy`; `undefined` where Redis does not say. */
  readonly evictionPolicy: string | undefined;
  /** Keys evicted since the servers started. */
  readonly evictedKeys: number;
  readonly expiredKeys: number;
  readonly keys: number;
  /** Keys that expire by themselves: all that a `volatile-` policy can evict. */
  readonly keysWithTtl: number;
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
  readonly connectedClients: number;
}

/** Something an operator should know about Redis. */
export interface RedisWarning {
  readonly code: RedisWarningCode;
  /** Which data, where several warnings of a kind may hold at once. */
  readonly about?: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** What is the case, and what to do about it. No keys, no values. */
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

/** Data in Redis that is lost, not merely missed, when it is evicted. */
export interface ProtectedData {
  /** What it is, as it appears in the warning: `'sessions'`. */
  readonly name: string;
  /** Whether its keys expire by themselves, so that a `volatile-` policy may evict them too. */
  readonly hasTtl: boolean;
  /** What happens then, and what to do, as a sentence. */
  readonly consequence: string;
}
