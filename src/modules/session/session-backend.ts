import { Logger } from '@nestjs/common';
import { type Clock, systemClock } from '../../common/clock.js';
import { ConfigError } from '../../common/config/define-config.js';
import { type Cache, type CacheOptions, createCache } from '../cache/index.js';
import type { Database } from '../database/index.js';
import type { RedisPool } from '../redis/index.js';
import type { SessionConfig } from './session.config.js';
import { CachedSessionStore } from './stores/cached.session-store.js';
import { ObservedSessionStore } from './stores/observed.session-store.js';
import { MemorySessionStore } from './stores/memory.session-store.js';
import { OutageSessionStore } from './stores/outage.session-store.js';
import { PostgresSessionStore } from './stores/postgres.session-store.js';
import { RedisSessionStore } from './stores/redis.session-store.js';
import { RevocationJournal } from './stores/revocation-journal.js';
import { SessionRecovery } from './stores/session-recovery.js';
import { SessionSweeper } from './stores/session-sweeper.js';
import { SessionScripts } from './stores/session-scripts.js';
import { SessionEvents } from './session-events.js';
import { longestTimeoutMs } from './session.config.js';
import type { SessionStore, SweptSessionStore } from './stores/session-store.js';

const PURGE_INTERVAL_MS = 10 * 60_000;
/** High enough that reads of sessions do not wait for each other. */
const MAX_CONCURRENT_READS = 10_000;

/** The parts and settings of a session backend. */
export interface SessionBackendOptions {
  readonly config: SessionConfig;
  /** First part of every key in Redis. */
  readonly namespace: string;
  readonly pool: RedisPool | null;
  /** Settings of the caches, as of the application's own. Default: those of `createCache`. */
  readonly engine?: Pick<CacheOptions, 'coherence' | 'outbox' | 'partitions'>;
  /** The database that stores the sessions; `null` to store them in Redis or memory. */
  readonly database: Database | null;
  readonly clock?: Clock;
  /** Told of every change. Default: none listen. */
  readonly events?: SessionEvents;
}

/** The store of an application's sessions, with its cache and background work. */
export interface SessionBackend {
  readonly store: SessionStore;
  /** The cache in front of the store, or the copies for an outage; metrics listen to its events. */
  readonly cache: Cache | null;
  /** Writes back pending changes, for as long as a command may take. */
  close(): Promise<void>;
}

/**
 * The database with Redis in front of it; or Redis, going on in memory while it is away unless `SESSION_ON_OUTAGE` is
 * `closed`; or memory alone.
 *
 * @throws ConfigError without a database, if no byte of memory is allowed.
 */
export function createSessionBackend(options: SessionBackendOptions): SessionBackend {
  const { clock = systemClock, events = new SessionEvents() } = options;
  const { store, durable, cache, close } = storesOf(options);
  const sweeper = new SessionSweeper(durable, events, clock);
  return {
    store: new ObservedSessionStore(store, events),
    cache,
    close: () => {
      sweeper.stop();
      return close();
    },
  };
}

interface Stores extends SessionBackend {
  /** Behind caches: it knows what has expired. */
  readonly durable: SweptSessionStore;
}

function storesOf(options: SessionBackendOptions): Stores {
  const { database, pool } = options;
  if (database) return inDatabase(options, database);
  if (options.config.memoryBytes === 0)
    throw new ConfigError(['SESSION_MEMORY: 0 needs a database. Without one, sessions or their copies are in memory.']);
  return pool ? inRedis(options, pool) : inMemory(options);
}

function inMemory(options: SessionBackendOptions): Stores {
  const store = memoryStore(options);
  return { store, durable: store, cache: null, close: async () => undefined };
}

function inDatabase(
  { config, namespace, pool, engine, clock = systemClock }: SessionBackendOptions,
  database: Database,
): Stores {
  const store = new PostgresSessionStore(database, config);
  const stopPurging = purgeRegularly(store, clock);
  // Not cached without Redis: an instance would not learn that another one has revoked a session it has cached.
  if (!pool) return { store, durable: store, cache: null, close: async () => stopPurging() };
  const cache = createCache({
    ...engine,
    namespace,
    redis: pool,
    memory: config.memoryBytes > 0 && { maxBytes: config.memoryBytes },
    maxConcurrentLoads: MAX_CONCURRENT_READS,
    clock,
  });
  const graceMs = config.onOutage === 'memory' ? config.idleTimeoutMs : 0;
  return {
    store: new CachedSessionStore(store, cache, { ttlMs: config.cacheTtlMs, graceMs, clock }),
    durable: store,
    cache,
    close: async () => {
      stopPurging();
      await cache.close();
    },
  };
}

function inRedis(options: SessionBackendOptions, pool: RedisPool): Stores {
  const { config, namespace, engine, clock = systemClock } = options;
  const longestMs = longestTimeoutMs(config);
  const journal = new RevocationJournal(longestMs, clock);
  const redisStore = (isRecovering: boolean) =>
    new RedisSessionStore(new SessionScripts({ pool, namespace, clock, isRecovering }), config, journal, longestMs);
  const redis = redisStore(false);
  const local = memoryStore(options);
  const recovery = new SessionRecovery({ pool, redis: redisStore(true), local, journal, clock });
  if (config.onOutage === 'closed') return { store: redis, durable: redis, cache: null, close: () => recovery.close() };
  const copies = createCache({
    ...engine,
    namespace,
    redis: pool,
    memory: { maxBytes: config.memoryBytes, maxTtlMs: longestMs },
    // The copies are used while Redis is away, so entries in memory must be served unconfirmed for that long.
    coherence: { ...engine?.coherence, unconfirmedMs: longestMs },
    maxConcurrentLoads: MAX_CONCURRENT_READS,
    clock,
  });
  const store = new OutageSessionStore(redis, {
    copies,
    local,
    journal,
    copyTtlMs: longestMs,
    onPending: () => recovery.schedule(),
  });
  return {
    store,
    durable: redis,
    cache: copies,
    close: async () => {
      await recovery.close();
      await copies.close();
    },
  };
}

function memoryStore({ config, clock = systemClock }: SessionBackendOptions): MemorySessionStore {
  return new MemorySessionStore(config, { maxBytes: config.memoryBytes, clock });
}

/** Deletes dead rows at intervals. Every instance does it; a second one finds nothing to delete. Returns a function that stops it. */
function purgeRegularly(store: PostgresSessionStore, clock: Clock): () => void {
  const logger = new Logger('Session');
  let isStopped = false;
  const schedule = () =>
    clock.setTimer(() => {
      store
        .purge()
        .then(
          (count) => logger.debug(`Purged ${count} dead sessions`),
          (error: unknown) => logger.warn(error),
        )
        .finally(() => {
          if (!isStopped) timer = schedule();
        });
    }, PURGE_INTERVAL_MS);
  let timer = schedule();
  return () => {
    isStopped = true;
    timer.cancel();
  };
}
