import type { Cluster, Redis } from 'ioredis';
import type { RedisClient, RedisSource } from '../redis.types.js';

/** Whether a client is a Cluster client. Not decided by class: an application may have another copy of ioredis. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/** Whether a source is an ioredis instance of the application. */
export function isInstance(source: RedisSource): source is RedisClient {
  return typeof source === 'object' && 'sendCommand' in source && typeof source.sendCommand === 'function';
}

/** The connections of a client: the client itself, or those to the masters of a Cluster. */
export function masterConnections(client: RedisClient): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client];
}

/** Number of commands without a reply yet, on all of the client's connections. */
export function pendingCommands(client: RedisClient): number {
  if (!isCluster(client)) return client.commandQueue.length;
  return client.nodes().reduce((sum, node) => sum + node.commandQueue.length, 0);
}

/** Makes a client connect now if it waits for its next attempt or has never connected, unless Redis rejected it lately. A failed attempt is retried as usual. */
export function connectNow(client: RedisClient): void {
  if ('isBackingOff' in client && client.isBackingOff) return;
  if (client.status === 'wait' || client.status === 'reconnecting') client.connect().catch(() => {});
}
