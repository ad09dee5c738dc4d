import type { Tier } from './tier.js';

/**
 * The events of the engine, for metrics, logs and dashboards. Events never carry values; keys are there for
 * debugging and must not become metric labels.
 */
export interface CacheEvents {
  hit: { cache: string; key: string; tier: Tier };
  miss: { cache: string; key: string };
  /** A loader was called; `durationMs` is its duration. `aborted`: no caller waited for it any more. */
  load: { cache: string; key: string; durationMs: number; outcome: 'ok' | 'failed' | 'aborted' };
  fill: { cache: string; key: string; tier: Tier; sizeBytes: number };
  /**
   * A value was not stored; the caller of its load got it. `lease-lost`: the load finished after its lease was voided.
   * `not-storable`: the value is too large, or holds what can't be stored; `path` says where, as `value.rows[3]`. A `set` of
   * such a value is counted too.
   */
  fillRejected: {
    cache: string;
    key: string;
    reason: 'lease-lost' | 'tag-changed' | 'redis-unavailable' | 'not-storable';
    path?: string;
  };
  staleServed: { cache: string; key: string; reason: StaleReason };
  /** A caller joined a load already running here (`local`) or waited for one on another instance (`remote`). */
  coalesced: { cache: string; key: string; origin: 'local' | 'remote' };
  write: {
    cache: string;
    operation: 'set' | 'delete' | 'expire' | 'invalidateTags' | 'expireTags' | 'clear';
    status: 'applied' | 'queued';
    count: number;
  };
  invalidationReceived: { cache: string; kind: InvalidationKind; count: number };
  invalidationReplayed: { cache: string; count: number };
  /**
   * Entries left memory together. `clear`: those that a `clear()`, here or on another instance, had made invalid; they leave
   * soon after it. Else the whole memory tier was emptied, because the log could not be followed without a gap. `cache` is the
   * root's name.
   */
  memoryFlushed: {
    cache: string;
    reason: 'log-trimmed' | 'log-lost' | 'log-rolled-back' | 'clear';
    count: number;
    freedBytes: number;
  };
  eviction: { cache: string; count: number; freedBytes: number };
  /** Bytes in Redis that are not an entry this version reads; treated as a miss. */
  unreadable: { cache: string; key: string; reason: string };
  coherence: { cache: string; isCoherent: boolean; reason: string };
  outbox: { cache: string; size: number; event: 'queued' | 'drained' | 'overflowed' | 'file-failed' };
}

/**
 * Why a stale value was served. `throttled`: a load has failed lately, and the source is not asked again yet
 * (`failSafeThrottleMs`).
 */
export type StaleReason = 'loader-failed' | 'loader-slow' | 'revalidating' | 'throttled';

/** The subject of an invalidation. */
export type InvalidationKind = 'keys' | 'tags' | 'clear' | 'reset';

/** Names of the engine's events. */
export type CacheEventName = keyof CacheEvents;

/** Receives one kind of event, synchronously. Errors that it throws are swallowed. */
export type CacheEventListener<E extends CacheEventName> = (event: CacheEvents[E]) => void;
