import type { RedisClient, RedisSource, RedisTopology } from '../redis.types.js';
import type { CommandMeter } from './command-meter.js';
import { clusterOptions, connectionOptions, type ConnectionRole } from './connection-options.js';
import type { ConnectionSettings } from './connection-settings.js';
import { PooledCluster } from './pooled-cluster.js';
import { PooledRedis } from './pooled-redis.js';
import { isCluster, isInstance } from './redis-client.js';
import { type RedisEndpoint, rejectKeyPrefix, resolveEndpoint } from './redis-endpoint.js';

/** Opens connections to one Redis. They connect when told to, and their errors are never unhandled. */
export interface ConnectionFactory {
  readonly topology: RedisTopology;
  create(role: ConnectionRole): RedisClient;
}

/**
 * Connections to a source; to an instance's servers, with its login, when it is one.
 *
 * @throws TypeError for a source that can't be meant.
 */
export function connectionFactory(source: RedisSource, settings: ConnectionSettings, meter: CommandMeter): ConnectionFactory {
  if (!isInstance(source)) return endpointFactory(resolveEndpoint(source), settings, meter);
  if (!isCluster(source)) return endpointFactory(resolveEndpoint(source.options), settings, meter);
  const endpoint = source.options.redisOptions ?? {};
  rejectKeyPrefix(source.options.keyPrefix ?? endpoint.keyPrefix);
  return {
    topology: 'cluster',
    create: (role) => quiet(source.duplicate([], clusterOptions(endpoint, role, settings))),
  };
}

function endpointFactory(endpoint: RedisEndpoint, settings: ConnectionSettings, meter: CommandMeter): ConnectionFactory {
  return {
    topology: endpoint.topology,
    create: (role) =>
      quiet(
        endpoint.topology === 'cluster'
          ? new PooledCluster(endpoint.nodes, clusterOptions(endpoint.options, role, settings), meter, settings.maxPending)
          : new PooledRedis(connectionOptions(endpoint.options, role, settings), meter, settings.maxPending),
      ),
  };
}

/** An `error` event nobody listens to is printed by ioredis, with a stack; the monitor tells what matters. */
function quiet<C extends RedisClient>(client: C): C {
  client.on('error', () => {});
  return client;
}
