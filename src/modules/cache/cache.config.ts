import { z } from 'zod';
import { bytesText, durationText, listText } from '../../common/config/config-schemas.js';
import { type ConfigOf, defineConfig } from '../../common/config/define-config.js';
import { MAX_PARTITIONS } from './engine/names/key-layout.js';

const NAMESPACE = /^[\w.-]+$/;

/** Entries, coherence and HTTP responses of the application's cache. */
export const cacheConfig = defineConfig('cache', {
  namespace: {
    env: 'CACHE_NAMESPACE',
    doc: 'First part of every key in Redis; instances with the same one share entries and invalidations. Default larder.',
    schema: z.string().regex(NAMESPACE, 'letters, digits, ., _ and - only').default('larder'),
  },
  ttlMs: {
    env: 'CACHE_TTL',
    doc: 'Default ttl: how long an entry is fresh. Default 5m.',
    schema: durationText().prefault('5m'),
  },
  graceMs: {
    env: 'CACHE_GRACE',
    doc: 'Default grace: after its ttl an entry is kept as stale for this time, to serve it when loading fails. Default 0s.',
    schema: durationText().prefault('0s'),
  },
  jitter: {
    env: 'CACHE_JITTER',
    doc: 'Shortens each ttl by a random share up to this (0 to 1), so that entries do not expire together. Default 0.',
    schema: z.coerce.number().min(0).max(1).default(0),
  },
  memoryMaxBytes: {
    env: 'CACHE_MEMORY_MAX_BYTES',
    doc: 'Size of the memory tier; 0 turns it off. Default 64mb.',
    schema: bytesText().prefault('64mb'),
  },
  memoryMaxTtlMs: {
    env: 'CACHE_MEMORY_MAX_TTL',
    doc: 'No entry stays in the memory tier longer than this while there is a Redis, whatever its ttl. Default 60s.',
    schema: durationText().prefault('60s'),
  },
  heartbeatMs: {
    env: 'CACHE_HEARTBEAT',
    doc: 'How often an instance checks that it has received every invalidation; one Redis command each time (in a Cluster, one per node), and none while nothing is read. Default 500ms.',
    schema: durationText().prefault('500ms'),
  },
  unconfirmedMs: {
    env: 'CACHE_UNCONFIRMED',
    doc: 'While an instance can not receive invalidations, memory serves entries that were confirmed within this time; 0s serves none. Default 1s.',
    schema: durationText().prefault('1s'),
  },
  logLength: {
    env: 'CACHE_LOG_LENGTH',
    doc: 'Invalidations kept in Redis for instances that missed some; about 150 bytes each. Large ones, of bulk deletes, are kept as if each had 1,600 bytes at most. Default 10000.',
    schema: z.coerce.number().int().min(100).default(10_000),
  },
  outboxMaxItems: {
    env: 'CACHE_OUTBOX_MAX_ITEMS',
    doc: 'Most invalidations kept while Redis is away. More become one clear of the whole cache. Default 100000.',
    schema: z.coerce.number().int().min(1).default(100_000),
  },
  outboxFile: {
    env: 'CACHE_OUTBOX_FILE',
    doc: 'Keeps unsent invalidations on disk too, so that a killed process loses none: a file per process, whose name begins with this. Default: in memory only.',
    schema: z.string().optional(),
  },
  maxValueBytes: {
    env: 'CACHE_MAX_VALUE_BYTES',
    doc: 'Largest value to store. Larger values are returned without being stored. Default 64mb.',
    schema: bytesText().prefault('64mb'),
  },
  compressAboveBytes: {
    env: 'CACHE_COMPRESS_ABOVE',
    doc: 'Values of at least this size are compressed in Redis. Default: none are.',
    schema: bytesText().optional(),
  },
  maxConcurrentLoads: {
    env: 'CACHE_MAX_CONCURRENT_LOADS',
    doc: 'Most concurrent loads on this instance; further ones wait. Default 256.',
    schema: z.coerce.number().int().min(1).default(256),
  },
  partitions: {
    env: 'CACHE_PARTITIONS',
    doc: 'Hash-tag partitions; the same on every instance. 1 to 1,024. Default 64 in a Redis Cluster, 1 elsewhere.',
    schema: z.coerce.number().int().min(1).max(MAX_PARTITIONS).optional(),
  },
  managerStores: {
    env: 'CACHE_MANAGER_STORE',
    doc: 'What CACHE_MANAGER of @nestjs/cache-manager stores in: ioredis-yet (cache-manager-ioredis-yet) or engine (the cache itself, recommended for several instances). Both, as ioredis-yet,engine, to change over: the first is read first, both are written. Default ioredis-yet.',
    schema: listText()
      .pipe(z.array(z.enum(['ioredis-yet', 'engine'])).min(1))
      .prefault('ioredis-yet'),
  },
  managerMemoryTtlMs: {
    env: 'CACHE_MANAGER_MEMORY_TTL',
    doc: 'The ioredis-yet store of CACHE_MANAGER serves from memory for this long; an instance sees changes of others only after it. 0s asks Redis at each read. The engine store has a memory tier that hears of changes. Default 0s.',
    schema: durationText().prefault('0s'),
  },
  httpCredentialHeaders: {
    env: 'CACHE_HTTP_CREDENTIAL_HEADERS',
    doc: 'Request headers that contain credentials. Without a scope, requests with one of them are not cached. Default authorization,cookie,proxy-authorization,x-api-key,x-goog-api-key,api-key,x-auth-token,x-access-token,x-session-token,x-csrf-token.',
    schema: headerNames().prefault(
      'authorization,cookie,proxy-authorization,x-api-key,x-goog-api-key,api-key,x-auth-token,x-access-token,x-session-token,x-csrf-token',
    ),
  },
  httpClientControl: {
    env: 'CACHE_HTTP_CLIENT_CONTROL',
    doc: 'Cache-Control directives of clients that cached routes obey: any of no-cache, no-store, only-if-cached. Default only-if-cached.',
    schema: listText()
      .pipe(z.array(z.enum(['no-cache', 'no-store', 'only-if-cached'])))
      .prefault('only-if-cached'),
  },
});

/** Parsed values of {@link cacheConfig}. */
export type CacheConfigValues = ConfigOf<typeof cacheConfig>;

function headerNames() {
  return listText().transform((names) => names.map((name) => name.toLowerCase()));
}
