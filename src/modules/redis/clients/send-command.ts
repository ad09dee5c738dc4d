import type { RedisClient } from '../redis.types.js';
import { DataConnection, type ReplyListener } from './data-connection.js';
import type { CommandArgument } from './encode-command.js';
import type { Reply } from './reply-reader.js';

/** A function that sends a command. The name is lower-case; in a Cluster all keys must be in one slot. */
export type Send = (
  client: RedisClient,
  name: string,
  args: readonly CommandArgument[],
  listener: ReplyListener,
) => void;

/**
 * Sends a command by the shortest path of the client. A {@link DataConnection} creates no promise and no timer, so the caller
 * needs a deadline of its own. A Cluster, and an instance of the application, are called through ioredis.
 */
export const sendCommand: Send = (client, name, args, listener) => {
  if (client instanceof DataConnection) client.send(name, args, listener);
  else callCommand(client, name, args, listener);
};

/** Sends a command through ioredis, with its `commandTimeout`. */
export const callCommand: Send = (client, name, args, listener) => {
  client.callBuffer(name, ...args).then(
    (reply) => listener.onReply(reply as Exclude<Reply, Error>),
    (error: Error) => listener.onError(error),
  );
};

/** Bytes that the connection of a client has received, while the reply for this listener is arriving; else `undefined`. */
export function receivedBytes(client: RedisClient, listener: ReplyListener): number | undefined {
  return client instanceof DataConnection ? client.receivedFor(listener) : undefined;
}
