import { randomBytes } from 'node:crypto';
import type { CacheOptions } from '../create-cache.options.js';
import type { Clock } from '../../../common/clock.js';
import { CacheRoot } from '../engine/cache-root.js';
import { HeardLog } from '../engine/coherence/heard-log.js';
import { LocalCoherence } from '../engine/coherence/local-coherence.js';
import { LogFollower } from '../engine/coherence/log-follower.js';
import { CacheClosedError } from '../engine/contract/errors.js';
import { Leases } from '../engine/load/leases.js';
import type { TrustWindow } from '../engine/local/trust-window.js';
import type { KeyLayout } from '../engine/names/key-layout.js';
import { OutboxFile } from '../engine/outage/outbox-file.js';
import { OutboxSender } from '../engine/outage/outbox-sender.js';
import type { LocalParts } from '../engine/parts/engine-parts.js';
import { EntryValidator } from '../engine/remote/entry-validator.js';
import { RemoteLevel } from '../engine/remote/remote-level.js';
import { QueuedValueSender } from '../engine/write/queued-value-sender.js';
import type { PoolInUse } from './pool-in-use.js';
import { makeRedisStores } from './redis-stores.js';
import { wireBus } from './wire-bus.js';
import { wireRecovery } from './wire-recovery.js';

/** Short, because it is part of every announcement. */
const INSTANCE_ID_BYTES = 8;
const DEFAULT_HEARTBEAT_MS = 500;
const DEFAULT_UNCONFIRMED_MS = 1_000;
/** While the outbox is not empty, `close()` gives a Redis that is away this long: enough for a probe that has slowed down. */
const RETURN_TIMEOUT_MS = 2_000;
/** `close()` sends the outbox for at most this long. */
const CLOSE_TIMEOUT_MS = 1_000;

/** The parts of a cache with Redis. */
export interface RedisWiring {
  readonly parts: LocalParts;
  readonly trust: TrustWindow;
  readonly source: PoolInUse;
  readonly layout: KeyLayout;
  readonly options: CacheOptions;
}

/** Puts the engine on Redis: stores, then the engine's parts over them, then recovery and bus, then the log is followed. */
export function wireRedis({ parts, trust, source, layout, options }: RedisWiring): CacheRoot {
  const { clock, table, events, memory, flights, outbox, peerTombstones, queuedValues } = parts;
  const { pool } = source;
  const instanceId = randomBytes(INSTANCE_ID_BYTES).toString('base64url');
  const heard = new HeardLog(layout.partitions);
  const stores = makeRedisStores({ pool, layout, clock, options, instanceId, heard, classes: parts.forms.classes });
  const { tier, log, agreement, invalidations, wakeUps } = stores;

  const validator = new EntryValidator(table, outbox, peerTombstones, trust, clock);
  const remote = new RemoteLevel({ ...parts, tier, validator, trust });
  const file = options.outbox?.file === undefined ? undefined : new OutboxFile(options.outbox.file, layout.namespace);
  const sender = new OutboxSender({ outbox, tier, table, events, clock, layout, file });
  const coherence = new LocalCoherence({
    instanceId,
    layout,
    table,
    local: parts,
    tier,
    sender,
    peerTombstones,
    events,
    onInvalidated: (memoryKey) => wakeUps.wake(memoryKey),
    onCleared: () => parts.sweeper.request(),
  });
  const valueSender = new QueuedValueSender({
    ...parts,
    values: queuedValues,
    instanceId,
    tier,
    versions: remote.versions,
    log,
    layout,
  });
  const follower = new LogFollower(log, heard, coherence, trust, clock, {
    heartbeatMs: options.coherence?.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
    unconfirmedMs: options.coherence?.unconfirmedMs ?? DEFAULT_UNCONFIRMED_MS,
    reads: () => parts.counters.reads,
    confirmLimitMs: () => pool.monitor.readBudgetMs(),
    onCoherence: (isCoherent, reason) => events.emit('coherence', { cache: layout.namespace, isCoherent, reason }),
    onReplayed: (count) => events.emit('invalidationReplayed', { cache: layout.namespace, count }),
  });

  agreement.onReturn(() => coherence.flush('log-lost'));
  sender.restore();
  const removeRecovery = wireRecovery({ pool, agreement, invalidations, sender, validator, follower });
  const bus = wireBus({ pool, layout, options, invalidations, sender, coherence, follower, wakeUps });
  follower.start();
  sender.onSent(() => void valueSender.send());
  const stopListening = pool.monitor.onChange(({ to }) => {
    if (to === 'up') void valueSender.send();
    if (to === 'down') void follower.confirm();
  });

  return new CacheRoot({
    parts: { ...parts, remote, follower, sender },
    leases: new Leases(tier, clock, () => flights.size),
    redisState: () => pool.monitor.state,
    firstAttempt: pool.monitor.firstAttempt,
    ready: async (timeoutMs) => {
      const isUp = (await pool.monitor.waitUntilUp(timeoutMs)) === 'up';
      return isUp && (follower.isCoherent || (await follower.catchUp()));
    },
    close: async (writesEnd) => {
      flights.abandonAll(new CacheClosedError(layout.namespace));
      await writesEnd();
      // The recovery step sends the outbox when Redis returns.
      if (outbox.size > 0 && !tier.canInvalidate()) await pool.monitor.waitUntilUp(RETURN_TIMEOUT_MS);
      removeRecovery();
      follower.stop();
      parts.sweeper.stop();
      memory.close();
      if (tier.canInvalidate()) await sender.sendFor(CLOSE_TIMEOUT_MS);
      stopListening();
      if (queuedValues.size > 0) await atMost(clock, CLOSE_TIMEOUT_MS, valueSender.send());
      valueSender.close();
      sender.close();
      await bus.close();
      if (source.isOwned) await pool.close();
    },
  });
}

/** Resolves when the work is done, at the latest after `maxMs` milliseconds. */
function atMost(clock: Clock, maxMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, maxMs);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
