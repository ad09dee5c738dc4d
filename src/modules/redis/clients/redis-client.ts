import type { Cluster, Redis } from 'ioredis';
import type { RedisClient, RedisSource } from '../redis.types.js';

/** Whether a client speaks to a Cluster. Not by class: an application may bring an ioredis of its own. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/** Whether a source is an instance someone else owns. */
export function isInstance(source: RedisSource): source is RedisClient {
  return typeof source === 'object' && 'sendCommand' in source && typeof source.sendCommand === 'function';
}

/** The connections behind a client: itself, or those to the masters of a Cluster. */
export function masterConnections(client: RedisClient): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client];
}

/** Commands sent and not answered yet, on all of the client's connections. */
export function pendingCommands(client: RedisClient): number {
  if (!isCluster(client)) return client.commandQueue.length;
  return client.nodes().reduce((sum, node) => sum + node.commandQueue.length, 0);
}

/** Connects now what waits for its next try (or was never asked to connect), unless there was no room for it a moment ago. A failure is retried as ever. */
export function connectNow(client: RedisClient): void {
  if ('isResting' in client && client.isResting) return;
  if (client.status === 'wait' || client.status === 'reconnecting') client.connect().catch(() => {});
}
