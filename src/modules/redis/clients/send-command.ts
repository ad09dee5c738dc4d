import type { RedisClient } from '../redis.types.js';
import { DataConnection, type ReplyListener } from './data-connection.js';
import type { CommandArgument } from './encode-command.js';
import type { Reply } from './reply-reader.js';

/** How a command is sent. The name is lower-case; in a Cluster all keys must be of one slot. */
export type Send = (
  client: RedisClient,
  name: string,
  args: readonly CommandArgument[],
  listener: ReplyListener,
) => void;

/**
 * Sends a command the shortest way the client knows: a {@link DataConnection} makes no promise and sets no timer, so who
 * asks keeps the time; a Cluster, and an instance someone else owns, are called as ioredis wants.
 */
export const sendCommand: Send = (client, name, args, listener) => {
  if (client instanceof DataConnection) client.send(name, args, listener);
  else callCommand(client, name, args, listener);
};

/** Sends a command as ioredis does, with its `commandTimeout`. */
export const callCommand: Send = (client, name, args, listener) => {
  client.callBuffer(name, ...args).then(
    (reply) => listener.onReply(reply as Exclude<Reply, Error>),
    (error: Error) => listener.onError(error),
  );
};
