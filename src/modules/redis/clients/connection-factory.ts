import type { Cluster, RedisOptions } from 'ioredis';
import type { RedisClient, RedisSource, RedisTopology } from '../redis.types.js';
import { ClusterSeeds } from './cluster-seeds.js';
import type { CommandMeter } from './command-meter.js';
import {
  clusterOptions,
  clusterSubscriberOptions,
  connectionOptions,
  type ConnectionRole,
} from './connection-options.js';
import type { ConnectionSettings } from './connection-settings.js';
import { DataConnection } from './data-connection.js';
import { PooledCluster, type PooledClusterOptions } from './pooled-cluster.js';
import { PooledRedis } from './pooled-redis.js';
import { isCluster, isInstance } from './redis-client.js';
import { rejectKeyPrefix, resolveEndpoint } from './redis-endpoint.js';

/** Creates connections to one Redis. They connect on request, and their errors are always handled. */
export interface ConnectionFactory {
  readonly topology: RedisTopology;
  create(role: ConnectionRole): RedisClient;
}

/**
 * A factory for connections to a source. If the source is an ioredis instance, they go to its servers, with its login.
 *
 * @throws TypeError for an invalid source.
 */
export function connectionFactory(
  source: RedisSource,
  settings: ConnectionSettings,
  meter: CommandMeter,
): ConnectionFactory {
  if (isInstance(source) && isCluster(source)) return likeCluster(source, settings, meter);
  const endpoint = resolveEndpoint(isInstance(source) ? source.options : source);
  if (endpoint.topology === 'cluster') {
    const { nodes, options } = endpoint;
    return clusterFactory(
      options,
      new ClusterSeeds(nodes),
      settings,
      meter,
      (tuned) => new PooledCluster(nodes, tuned, meter, settings.maxPending),
    );
  }
  return {
    topology: endpoint.topology,
    create: (role) => {
      const Connection = role === 'fast' || role === 'bulk' ? DataConnection : PooledRedis;
      return quiet(new Connection(connectionOptions(endpoint.options, role, settings), meter, settings.maxPending));
    },
  };
}

/** A factory for connections to the nodes that a given Cluster client knows. */
function likeCluster(instance: Cluster, settings: ConnectionSettings, meter: CommandMeter): ConnectionFactory {
  const { keyPrefix, redisOptions = {} } = instance.options;
  rejectKeyPrefix(keyPrefix ?? redisOptions.keyPrefix);
  const seeds = new ClusterSeeds([]);
  seeds.follow(instance);
  return clusterFactory(redisOptions, seeds, settings, meter, (tuned) => instance.duplicate([], tuned));
}

function clusterFactory(
  options: RedisOptions,
  seeds: ClusterSeeds,
  settings: ConnectionSettings,
  meter: CommandMeter,
  open: (tuned: PooledClusterOptions) => Cluster,
): ConnectionFactory {
  return {
    topology: 'cluster',
    create(role) {
      if (role === 'sub')
        return quiet(new PooledRedis(clusterSubscriberOptions(options, seeds, settings), meter, settings.maxPending));
      const cluster = quiet(open(clusterOptions(options, role, settings)));
      seeds.follow(cluster);
      return cluster;
    },
  };
}

/** Listens to `error` events. ioredis would print an event without a listener, with a stack; the monitor reports the errors that matter. */
function quiet<C extends RedisClient>(client: C): C {
  client.on('error', () => {});
  return client;
}
