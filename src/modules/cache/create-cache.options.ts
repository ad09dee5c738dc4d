import type { Clock } from '../../common/clock.js';
import type { RedisPool, RedisSource } from '../redis/redis.types.js';
import type { ClassSerializer } from './codec/class-serializers.js';
import type { NamespaceOptions } from './engine/contract/cache.js';
import type { AnnouncementSource } from './engine/ports/announcement-source.js';

/** Options of `createCache()`; every field has a default. Those of a namespace are the root's. */
export interface CacheOptions extends NamespaceOptions {
  /** First part of every key in Redis; instances with the same namespace share entries and invalidations. Default `'larder'`. Letters, digits, `.`, `_`, `-`. */
  namespace?: string;
  /** Redis: a URL, ioredis options, an ioredis client (used, never closed) or a pool. Default none: memory only. */
  redis?: RedisSource | RedisPool;
  /** Memory tier, or `false` for none. Default 64 MiB. */
  memory?: MemoryOptions | false;
  /** The transport of announcements of invalidations. Default: a subscriber on the same Redis. The Nest module gives its microservice. */
  announcements?: AnnouncementSource;
  coherence?: CoherenceOptions;
  outbox?: OutboxOptions;
  /** Largest encoded value. Default 64 MiB; larger ones are returned and not stored. Values that are never encoded (memory only) count by their estimated size. */
  maxValueBytes?: number;
  /** Hash-tag partitions in a Cluster. The same on every instance: one that differs does not use Redis. Default 64; 1 elsewhere. */
  partitions?: number;
  /**
   * Classes whose instances are stored and come back as instances, beside those decorated with `@CacheSerializable()`. Other
   * instances come back as plain objects. Every process must know the same classes: an entry with an unknown one is a miss.
   * Default none.
   */
  serializers?: Iterable<ClassSerializer>;
  clock?: Clock;
}

/** The memory tier's bounds. */
export interface MemoryOptions {
  /** Bytes of keys and values. Default 64 MiB. */
  maxBytes?: number;
  /** No entry stays longer than this in memory, whatever its ttl: the backstop of every other mechanism. Default 60,000 with Redis, none without. */
  maxTtlMs?: number;
}

/** How the memory tier is kept true to Redis. */
export interface CoherenceOptions {
  /** The end of the log is compared with what was heard this often, while the cache is read. One command a beat. Default 500. */
  heartbeatMs?: number;
  /** While the log can't be followed, memory serves entries confirmed within this long. 0 fails closed. Default 1,000. */
  unconfirmedMs?: number;
  /** Invalidations kept in the log, about. Default 10,000. */
  logLength?: number;
}

/** Invalidations that could not be sent. */
export interface OutboxOptions {
  /** Distinct keys and tags kept; past it they become one clear of the namespace. Default 100,000. */
  maxItems?: number;
  /**
   * Kept on disk too, so that a killed process loses none: each process writes a file of its own whose name begins with
   * this one, and one that starts takes over those of dead processes. Default none.
   */
  file?: string;
}
