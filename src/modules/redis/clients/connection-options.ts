import type { RedisOptions } from 'ioredis';
import type { RedisLane } from '../redis.types.js';
import type { ClusterSeeds } from './cluster-seeds.js';
import type { ConnectionSettings } from './connection-settings.js';
import { GuardedSentinelConnector } from './guarded-sentinel.connector.js';
import type { PooledClusterOptions } from './pooled-cluster.js';
import type { PooledRedisOptions } from './pooled-redis.js';
import { retryDelayMs } from './retry-delay.js';
import { seedConnector } from './seed.connector.js';
import { SocketConnector } from './socket.connector.js';

/** What a connection is for. Decides its name and its patience. */
export type ConnectionRole = RedisLane | 'sub' | 'probe';

/** The probe finds out that Redis is back, so it asks often and gives up early. */
const PROBE_TIMEOUT_MS = 500;
/** A batch of large values takes longer than a read of one. */
const BULK_PATIENCE = 5;
/** What a demoted or orphaned master says; a new connection finds the right one. */
const WRONG_SERVER = /^(READONLY|MASTERDOWN)\b/;

/**
 * ioredis options of one connection.
 *
 * Data connections queue nothing offline and resend nothing: a command that Redis may still run later, when the value
 * has changed, is worse than one that failed. A subscriber queues, because its subscriptions must survive anything.
 */
export function connectionOptions(
  endpoint: RedisOptions,
  role: ConnectionRole,
  settings: ConnectionSettings,
): PooledRedisOptions {
  const retry = { baseMs: 50, capMs: role === 'probe' ? PROBE_TIMEOUT_MS : settings.maxRetryDelayMs };
  return {
    ...endpoint,
    ...timeouts(role, settings),
    ...(endpoint.sentinels ? sentinelOptions(endpoint) : {}),
    Connector: (endpoint.sentinels ? GuardedSentinelConnector : SocketConnector) as RedisOptions['Connector'],
    connectionName: `${settings.name}:${role}`,
    lazyConnect: true,
    keepAlive: settings.keepAliveMs,
    // ioredis keeps a timer this long after closing a connection that is gone already; it would delay the process's end.
    disconnectTimeout: 200,
    enableOfflineQueue: role === 'sub',
    maxRetriesPerRequest: role === 'sub' ? null : 0,
    autoResubscribe: true,
    disableClientInfo: true,
    replyMapping: 'legacy',
    // The monitor's probe knows LOADING; Sentinel needs the check, it finds out that a master was demoted.
    enableReadyCheck: endpoint.sentinels !== undefined,
    retryStrategy: (attempt) => retryDelayMs(attempt, retry),
    // All of an instance's connections together make fewer than two tries a second then.
    ...(role === 'probe' ? { turnedAwayCapMs: 2_000 } : {}),
    reconnectOnError: (error) => WRONG_SERVER.test(error.message),
  };
}

/** ioredis options of one Cluster client, whose connections behave as {@link connectionOptions} says. */
export function clusterOptions(
  endpoint: RedisOptions,
  role: Exclude<ConnectionRole, 'sub'>,
  settings: ConnectionSettings,
): PooledClusterOptions {
  const { retryStrategy, enableOfflineQueue: _, ...redisOptions } = connectionOptions(endpoint, role, settings);
  const retry = { baseMs: 50, capMs: 1_000 };
  return {
    redisOptions,
    lazyConnect: true,
    enableOfflineQueue: false,
    // CLUSTER INFO would need a permission of its own; CLUSTERDOWN is told by the first command anyway.
    enableReadyCheck: false,
    slotsRefreshInterval: 2_000,
    slotsRefreshTimeout: settings.connectTimeoutMs,
    clusterRetryStrategy: (attempt) => retryDelayMs(attempt, retry),
    clusterNodeRetryStrategy: retryStrategy ?? null,
    // With TLS the certificates name hosts: keep the names instead of resolving them to addresses.
    ...(endpoint.tls ? { dnsLookup: (address, found) => found(null, address) } : {}),
  };
}

/** ioredis options of a subscriber to a Cluster: one connection to any node. */
export function clusterSubscriberOptions(
  endpoint: RedisOptions,
  seeds: ClusterSeeds,
  settings: ConnectionSettings,
): PooledRedisOptions {
  return {
    ...connectionOptions(endpoint, 'sub', settings),
    Connector: seedConnector(seeds) as RedisOptions['Connector'],
  };
}

function timeouts(role: ConnectionRole, settings: ConnectionSettings): RedisOptions {
  switch (role) {
    case 'probe':
      return {
        connectTimeout: Math.min(PROBE_TIMEOUT_MS, settings.connectTimeoutMs),
        commandTimeout: PROBE_TIMEOUT_MS,
        socketTimeout: PROBE_TIMEOUT_MS,
      };
    case 'sub':
      // Silence is normal here; the pool pings, and only an unanswered ping starts this timer.
      return { connectTimeout: settings.connectTimeoutMs, socketTimeout: settings.socketTimeoutMs };
    default:
      return {
        connectTimeout: settings.connectTimeoutMs,
        commandTimeout: settings.commandTimeoutMs * (role === 'bulk' ? BULK_PATIENCE : 1),
        socketTimeout: settings.socketTimeoutMs,
      };
  }
}

/** Without the detector a client goes on writing to a demoted master for seconds, and those writes are lost. */
function sentinelOptions(endpoint: RedisOptions): RedisOptions {
  const retry = { baseMs: 50, capMs: 500 };
  return {
    failoverDetector: true,
    sentinelCommandTimeout: 1_000,
    sentinelRetryStrategy: (attempt) => retryDelayMs(attempt, retry),
    sentinelReconnectStrategy: (attempt) => retryDelayMs(attempt, retry),
    ...(endpoint.sentinelTLS ? { enableTLSForSentinelMode: true } : {}),
  };
}
