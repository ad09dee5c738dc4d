import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import { parseAddress, parseRedisUrl } from './clients/redis-endpoint.js';
import type { RedisPoolOptions } from './clients/redis-pool.js';
import type { RedisConfig } from './redis.config.js';
import type { RedisSource } from './redis.types.js';

const REDIS_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/**
 * The configured Redis; `undefined` without one.
 *
 * @throws TypeError for invalid addresses, or for both sentinels and cluster nodes; Error for a CA file that can't be read.
 *   No message repeats the URL.
 */
export function redisSourceOf(config: RedisConfig): RedisSource | undefined {
  const { url, sentinels, clusterNodes } = config;
  const hasSentinels = sentinels.length > 0;
  const hasNodes = clusterNodes.length > 0;
  if (hasSentinels && hasNodes) throw new TypeError('Give REDIS_SENTINELS or REDIS_CLUSTER_NODES, not both.');
  if (url === undefined && !hasSentinels && !hasNodes) return undefined;
  const { host, port, ...login } = withTls(url === undefined ? {} : parseRedisUrl(url), config);
  if (hasNodes) return { cluster: clusterNodes.map((node) => parseAddress(node, REDIS_PORT)), options: login };
  if (!hasSentinels) return { host, port, ...login };
  return {
    ...login,
    sentinels: sentinels.map((sentinel) => parseAddress(sentinel, SENTINEL_PORT)),
    name: config.sentinelMaster,
    ...(config.sentinelPassword ? { sentinelPassword: config.sentinelPassword } : {}),
    ...(login.tls ? { sentinelTLS: login.tls, enableTLSForSentinelMode: true } : {}),
  };
}

/** Pool options of a configuration, for its Redis or for the separate Redis of a module. */
export function redisPoolOptionsOf(config: RedisConfig): RedisPoolOptions {
  const { connectTimeoutMs, commandTimeoutMs, socketTimeoutMs, maxPending } = config;
  return {
    size: config.poolSize,
    connection: { connectTimeoutMs, commandTimeoutMs, socketTimeoutMs, maxPending },
    monitor: {
      probeKeyPrefix: config.probePrefix,
      budget: { floorMs: config.readBudgetFloorMs, capMs: config.readBudgetCapMs, lateMs: config.lateReadMs },
    },
  };
}

function withTls(options: RedisOptions, { tlsCaFile, tlsServername }: RedisConfig): RedisOptions {
  if (!options.tls) return options;
  return {
    ...options,
    tls: {
      ...(tlsCaFile ? { ca: readFileSync(tlsCaFile) } : {}),
      ...(tlsServername ? { servername: tlsServername } : {}),
    },
  };
}
