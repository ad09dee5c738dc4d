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

/** The purpose of a connection. It decides its name and its timeouts. */
export type ConnectionRole = RedisLane | 'sub' | 'probe';

/** Short, so that the probe notices soon that Redis is back. */
const PROBE_TIMEOUT_MS = 500;
/** A batch of large values takes longer than a read of one value. */
const BULK_TIMEOUT_FACTOR = 5;
/** Errors of a demoted or orphaned master. A new connection finds the right one. */
const WRONG_SERVER = /^(READONLY|MASTERDOWN)\b/;

/**
 * ioredis options of one connection.
 *
 * Data connections queue nothing offline and resend nothing: a command that Redis runs late, after the value has changed,
 * is worse than a failed command. A subscriber does queue, because its subscriptions must survive every outage.
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
    // After closing a lost connection ioredis keeps a timer for this long. A long one would delay the end of the process.
    disconnectTimeout: 200,
    enableOfflineQueue: role === 'sub',
    maxRetriesPerRequest: role === 'sub' ? null : 0,
    autoResubscribe: true,
    disableClientInfo: true,
    replyMapping: 'legacy',
    // The monitor's probe handles LOADING. Only Sentinel needs the check, to notice that a master was demoted.
    enableReadyCheck: endpoint.sentinels !== undefined,
    retryStrategy: (attempt) => retryDelayMs(attempt, retry),
    // With this cap all connections of an instance together make fewer than two attempts a second.
    ...(role === 'probe' ? { rejectedRetryCapMs: 2_000 } : {}),
    reconnectOnError: (error) => WRONG_SERVER.test(error.message),
  };
}

/** ioredis options of one Cluster client, whose connections have the behaviour of {@link connectionOptions}. */
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
    // CLUSTER INFO would need another permission, and the first command answers CLUSTERDOWN anyway.
    enableReadyCheck: false,
    slotsRefreshInterval: 2_000,
    slotsRefreshTimeout: settings.connectTimeoutMs,
    clusterRetryStrategy: (attempt) => retryDelayMs(attempt, retry),
    clusterNodeRetryStrategy: retryStrategy ?? null,
    // With TLS the certificates name hosts, so the names must not be resolved to addresses.
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
      // Silence is normal for a subscriber. The pool pings it, and only an unanswered ping starts this timer.
      return { connectTimeout: settings.connectTimeoutMs, socketTimeout: settings.socketTimeoutMs };
    default:
      return {
        connectTimeout: settings.connectTimeoutMs,
        commandTimeout: settings.commandTimeoutMs * (role === 'bulk' ? BULK_TIMEOUT_FACTOR : 1),
        socketTimeout: settings.socketTimeoutMs,
      };
  }
}

/** The detector is on because a client without it writes to a demoted master for seconds, and those writes are lost. */
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
