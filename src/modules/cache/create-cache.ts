import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../common/clock.js';
import { createRedisPool, type RedisPool, type RedisSource } from '../redis/library.js';
import { MemoryStore } from './stores/memory/memory-store.js';
import { RedisAnnouncements } from './stores/redis/redis-announcements.js';
import { RedisClock } from './stores/redis/redis-clock.js';
import { RedisInvalidations } from './stores/redis/redis-invalidations.js';
import { RedisLog } from './stores/redis/redis-log.js';
import { RedisTier } from './stores/redis/redis-tier.js';
import { ScriptCaller } from './stores/redis/script-caller.js';
import { WakeUps } from './stores/redis/wake-ups.js';
import { assertOptions } from './assert-options.js';
import type { Cache } from './engine/contract/cache.js';
import { Closing } from './engine/closing.js';
import { parseAnnouncement } from './engine/coherence/announcement.js';
import { LocalCoherence } from './engine/coherence/local-coherence.js';
import { LogFollower } from './engine/coherence/log-follower.js';
import { type Core, Counters } from './engine/parts/engine-parts.js';
import type { CacheOptions } from './create-cache.options.js';
import { DependencyTable } from './engine/versions/dependency-table.js';
import { CacheClosedError } from './engine/contract/errors.js';
import { EventBus } from './engine/contract/event-bus.js';
import { KeyFence } from './engine/local/key-fence.js';
import { FlightTable } from './engine/local/flight-table.js';
import { type CacheRoot, LarderCache } from './engine/larder-cache.js';
import { LeaseBook } from './engine/load/leases.js';
import type { MemoryEntry } from './engine/local/memory-entry.js';
import { settingsOf } from './engine/parts/call-settings.js';
import { MemoryLevel } from './engine/local/memory-level.js';
import { NoMemoryTier } from './engine/ports/memory-tier.none.js';
import { Outbox } from './engine/outage/outbox.js';
import { OutboxFile } from './engine/outage/outbox-file.js';
import { OutboxSender } from './engine/outage/outbox-sender.js';
import { RemoteLevel } from './engine/remote/remote-level.js';
import { KeyLayout } from './engine/names/key-layout.js';
import { Scope } from './engine/names/namespace.js';
import { Suppressed } from './engine/outage/peer-tombstones.js';
import { WriteOrder } from './engine/local/write-order.js';

const DEFAULT_MEMORY_BYTES = 64 * 2 ** 20;
const DEFAULT_MEMORY_TTL_MS = 60_000;
const DEFAULT_VALUE_BYTES = 64 * 2 ** 20;
const DEFAULT_LOG_LENGTH = 10_000;
const DEFAULT_CLUSTER_PARTITIONS = 64;
/** What is stored in memory while Redis is away lives this long. */
const FALLBACK_TTL_MS = 5_000;
/** Writes and invalidations are given up, and queued, after this. */
const COMMAND_TIMEOUT_MS = 500;
/** After a change of server, entries from before are misses this long: other instances re-send what it lost. */
const DISTRUST_MS = 2_000;
/** While something waits to be sent, `close()` gives a Redis that is away this long: enough for a probe that has slowed down. */
const RETURN_TIMEOUT_MS = 2_000;
/** `close()` sends the outbox for at most this long. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Makes a cache: memory and Redis tiers, kept true to each other. Returns at once and never throws because of Redis;
 * until Redis answers it works from memory.
 *
 * @throws RangeError for options that can't be meant (a namespace with spaces, a negative ttl).
 * @example
 * const cache = createCache({ namespace: 'shop', redis: 'redis://127.0.0.1:6379', ttlMs: 60_000 });
 * const product = await cache.getOrLoad('product:42', () => db.findProduct(42), { tags: ['products'] });
 */
export function createCache(options: CacheOptions = {}): Cache {
  assertOptions(options);
  const clock = options.clock ?? systemClock;
  const events = new EventBus();
  const table = new DependencyTable();
  const namespace = options.namespace ?? 'larder';
  const pool = options.redis === undefined ? undefined : toPool(options.redis, clock, namespace);
  const partitions = options.partitions ?? (pool?.pool.topology === 'cluster' ? DEFAULT_CLUSTER_PARTITIONS : 1);
  const layout = new KeyLayout(namespace, partitions);
  const memory = memoryLevel(options, table, events, clock, namespace);
  const base = {
    clock,
    table,
    events,
    memory,
    fence: new KeyFence(),
    flights: new FlightTable(table),
    order: new WriteOrder(),
    outbox: new Outbox(options.outbox?.maxItems ?? 100_000),
    suppressed: new Suppressed(clock),
    counters: new Counters(),
  };
  const root = pool === undefined ? memoryOnly(base, namespace) : withRedis(base, pool, layout, options);
  const scope = new Scope(table, layout, '', options);
  settingsOf(scope, undefined);
  return new LarderCache(root, scope);
}

type Base = Omit<Core, 'remote' | 'follower'>;

function memoryOnly(base: Base, namespace: string): CacheRoot {
  return {
    core: { ...base, remote: undefined, follower: undefined },
    leases: undefined,
    sender: undefined,
    redisState: () => 'none',
    closing: new Closing(async () => {
      base.memory.close();
      base.flights.abandonAll(new CacheClosedError(namespace));
    }),
  };
}

function withRedis(base: Base, { pool, isOurs }: PoolInUse, layout: KeyLayout, options: CacheOptions): CacheRoot {
  const { clock, table, events, memory, fence, flights, outbox, suppressed } = base;
  const instanceId = randomUUID();
  const logLength = options.coherence?.logLength ?? DEFAULT_LOG_LENGTH;
  const redisClock = new RedisClock(clock, layout.partitions);
  const scripts = new ScriptCaller(pool, clock, COMMAND_TIMEOUT_MS);
  const wakeUps = new WakeUps(clock);
  const log = new RedisLog(pool, layout, scripts, redisClock, logLength, clock);
  const invalidations = new RedisInvalidations(pool, layout, scripts, redisClock, {
    instanceId,
    logLength,
    onWrote: (partition, entry) => follower.wrote(partition, entry),
  });
  const maxValueBytes = options.maxValueBytes ?? DEFAULT_VALUE_BYTES;
  const tier = new RedisTier(pool, layout, scripts, redisClock, log, invalidations, wakeUps, maxValueBytes, clock);
  const remote = new RemoteLevel(tier, table, fence, outbox, suppressed, memory, events, clock);
  const file = options.outbox?.file === undefined ? undefined : new OutboxFile(options.outbox.file, layout.namespace);
  const sender = new OutboxSender(outbox, tier, table, events, clock, layout, file);
  sender.restore();
  const target = new LocalCoherence(
    instanceId,
    layout,
    table,
    { fence, flights, memory },
    tier,
    sender,
    suppressed,
    events,
    (key) => wakeUps.wake(key),
  );
  const follower = new LogFollower(
    log,
    target,
    { heartbeatMs: options.coherence?.heartbeatMs ?? 500, unconfirmedMs: options.coherence?.unconfirmedMs ?? 1_000 },
    clock,
    (isCoherent, reason) => events.emit('coherence', { cache: layout.namespace, isCoherent, reason }),
    (count) => events.emit('invalidationReplayed', { cache: layout.namespace, count }),
  );
  memory.trust = follower;

  // Before Redis is trusted again what waited here is sent, then what others did meanwhile is read. Where Redis can only be
  // read, what waits goes on waiting, and is not read meanwhile.
  let hasRecovered = false;
  let mayLackWrites = false;
  const removeStep = pool.monitor.addRecoveryStep(async ({ mayHaveLostWrites, isWritable }) => {
    // Here and when the bus is heard: whichever connection is there last, the question leaves, and the answer arrives.
    invalidations.askForAdvice();
    // A process that never trusted Redis has nothing of its own to compare with, and starts with what is there.
    mayLackWrites ||= hasRecovered && mayHaveLostWrites;
    if (isWritable && !(await sender.send())) throw new Error('Invalidations still wait to be sent.');
    if (mayLackWrites) remote.distrustPast(DISTRUST_MS);
    if (!(await follower.catchUp())) throw new Error('The invalidation log could not be read.');
    hasRecovered = true;
    // Who could not write yet puts back what was lost once it can.
    if (isWritable) mayLackWrites = false;
  });
  const announcements = options.announcements ?? new RedisAnnouncements(pool);
  announcements.onSubscribed(() => {
    void follower.catchUp();
    invalidations.askForAdvice();
    sender.adviseAgain();
  });
  announcements.subscribe(layout.channel, (raw) => {
    const announcement = parseAnnouncement(raw);
    if (announcement?.kind === 'wake') for (const key of announcement.keys) wakeUps.wake(key);
    else if (announcement?.kind === 'advice') target.suppress(announcement);
    else if (announcement?.kind === 'question') sender.adviseAgain();
    else if (announcement !== undefined) follower.receive(announcement.partition, announcement.entry);
  });
  follower.start();

  return {
    core: { ...base, remote, follower },
    leases: new LeaseBook(tier, clock),
    sender,
    redisState: () => pool.monitor.state,
    closing: new Closing(async () => {
      flights.abandonAll(new CacheClosedError(layout.namespace));
      // Its recovery sends what waits.
      if (outbox.size > 0 && !tier.canInvalidate()) await pool.monitor.waitUntilUp(RETURN_TIMEOUT_MS);
      removeStep();
      follower.stop();
      memory.close();
      if (tier.canInvalidate()) await sender.sendFor(CLOSE_TIMEOUT_MS);
      sender.close();
      await announcements.close();
      if (isOurs) await pool.close();
    }),
  };
}

function memoryLevel(
  options: CacheOptions,
  table: DependencyTable,
  events: EventBus,
  clock: Clock,
  namespace: string,
): MemoryLevel {
  const settings = options.memory === false ? undefined : (options.memory ?? {});
  const store =
    settings === undefined
      ? new NoMemoryTier<MemoryEntry>()
      : new MemoryStore<MemoryEntry>({
          maxBytes: settings.maxBytes ?? DEFAULT_MEMORY_BYTES,
          onEvict: (entry) => {
            if (events.has('eviction'))
              events.emit('eviction', { cache: namespace, count: 1, freedBytes: entry.sizeBytes });
          },
        });
  const maxTtlMs =
    settings?.maxTtlMs ?? (options.redis === undefined ? Number.POSITIVE_INFINITY : DEFAULT_MEMORY_TTL_MS);
  // Who fails closed wants nothing that was not confirmed, not even what was loaded meanwhile.
  const fallbackTtlMs = options.coherence?.unconfirmedMs === 0 ? 0 : FALLBACK_TTL_MS;
  return new MemoryLevel(store, table, clock, maxTtlMs, fallbackTtlMs, options.maxValueBytes ?? DEFAULT_VALUE_BYTES);
}

interface PoolInUse {
  readonly pool: RedisPool;
  /** Made here, so closed here. */
  readonly isOurs: boolean;
}

function toPool(source: RedisSource | RedisPool, clock: Clock, namespace: string): PoolInUse {
  if (typeof source === 'object' && 'monitor' in source && 'subscriber' in source)
    return { pool: source, isOurs: false };
  return {
    pool: createRedisPool(source as RedisSource, { clock, monitor: { probeKeyPrefix: namespace } }),
    isOurs: true,
  };
}
