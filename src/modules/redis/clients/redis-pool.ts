import { type Clock, systemClock } from '../../../common/clock.js';
import { AvailabilityProbe } from '../monitor/availability-probe.js';
import { DEFAULT_MONITOR_SETTINGS, type MonitorSettings } from '../monitor/monitor-settings.js';
import { RedisAvailabilityMonitor } from '../monitor/redis-availability-monitor.js';
import type { RedisClient, RedisLane, RedisPool, RedisPoolStats, RedisSource, RedisTopology } from '../redis.types.js';
import { CommandMeter } from './command-meter.js';
import { connectionFactory } from './connection-factory.js';
import { type ConnectionSettings, DEFAULT_CONNECTION_SETTINGS } from './connection-settings.js';
import { DataLanes } from './data-lanes.js';
import { isInstance, pendingCommands } from './redis-client.js';
import { SubscriberSet } from './subscriber-set.js';

/** Options of a pool. Every field has a default. */
export interface RedisPoolOptions {
  /** Data connections per lane; a given instance is used for both. Default 2. */
  size?: number;
  /** Interval between two pings of a subscriber, ms. Default 5,000. */
  subscriberPingMs?: number;
  connection?: Partial<ConnectionSettings>;
  monitor?: Partial<MonitorSettings>;
  clock?: Clock;
}

/** Time for commands in flight to finish when the pool closes. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Creates the connections to a Redis, without waiting for it. It may be in any state.
 *
 * @throws TypeError for an invalid source.
 */
export function createRedisPool(source: RedisSource, options: RedisPoolOptions = {}): RedisPool {
  return new ConnectionPool(source, options);
}

class ConnectionPool implements RedisPool {
  readonly topology: RedisTopology;
  readonly monitor: RedisAvailabilityMonitor;
  private readonly clock: Clock;
  private readonly meter = new CommandMeter();
  private readonly lanes: DataLanes;
  private readonly subscribers: SubscriberSet;
  /** Data clients that this pool opened; an instance given by the application is not included. */
  private readonly owned: readonly RedisClient[];
  private useCount = 0;

  constructor(
    source: RedisSource,
    { size = 2, subscriberPingMs = 5_000, clock = systemClock, connection, monitor }: RedisPoolOptions,
  ) {
    const settings = { ...DEFAULT_CONNECTION_SETTINGS, ...connection };
    const monitorSettings = {
      ...DEFAULT_MONITOR_SETTINGS,
      firstAttemptMs: settings.connectTimeoutMs,
      ...monitor,
    };
    const factory = connectionFactory(source, settings, this.meter);
    const openLane = (lane: RedisLane) => Array.from({ length: size }, () => factory.create(lane));
    const lanes = isInstance(source)
      ? { fast: [source], bulk: [source] }
      : { fast: openLane('fast'), bulk: openLane('bulk') };
    this.clock = clock;
    this.topology = factory.topology;
    this.owned = isInstance(source) ? [] : [...lanes.fast, ...lanes.bulk];
    this.lanes = new DataLanes(lanes);
    this.subscribers = new SubscriberSet(
      () => factory.create('sub'),
      clock,
      subscriberPingMs,
      () => this.useCount,
    );
    const probe = new AvailabilityProbe(factory.create('probe'), clock, this.topology, monitorSettings.probeKeyPrefix);
    this.monitor = new RedisAvailabilityMonitor(
      this.lanes,
      probe,
      clock,
      this.topology,
      monitorSettings,
      () => this.useCount,
    );
    // When the monitor finds that Redis is back, the subscribers connect too.
    this.monitor.onChange(({ from }) => {
      if (from === 'down') this.subscribers.connect();
    });
  }

  get uses(): number {
    return this.useCount;
  }

  client(lane: RedisLane = 'fast', purpose: 'use' | 'upkeep' = 'use'): RedisClient {
    if (purpose === 'use') this.useCount++;
    return this.lanes.pick(lane);
  }

  subscriber(): RedisClient {
    return this.subscribers.create();
  }

  stats(): RedisPoolStats {
    const subscribers = this.subscribers.all().map((client) => ({ client, lane: 'subscriber' as const }));
    return {
      topology: this.topology,
      clients: [...this.lanes.describe(), ...subscribers].map(({ client, lane }, index) => ({
        name: `${lane}:${index}`,
        lane,
        status: client.status,
        pending: pendingCommands(client),
      })),
      commandsSent: this.meter.total,
      commandsByName: this.meter.byName(),
    };
  }

  async close(): Promise<void> {
    this.monitor.close();
    this.subscribers.close();
    const deadlineMs = this.clock.nowMs() + CLOSE_TIMEOUT_MS;
    while (this.owned.some((client) => pendingCommands(client) > 0) && this.clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => void this.clock.setTimer(resolve, 10));
    }
    for (const client of this.owned) client.disconnect();
  }
}
