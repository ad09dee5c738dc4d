import type { ReplyListener } from '../clients/data-connection.js';
import type { CommandArgument } from '../clients/encode-command.js';
import { callCommand, type Send, sendCommand } from '../clients/send-command.js';
import type { RedisClient } from '../redis.types.js';
import type { RedisScript } from './redis-script.js';

/**
 * Runs a script by its digest, and in full when the server does not know it (yet, or any more: `SCRIPT FLUSH`, a restart,
 * another master). A server that does not know the digest has run nothing, so sending the script again is safe.
 *
 * @param client any client. In a Cluster there must be at least one key, and all keys must be in one slot.
 * @returns the reply, raw: bulk strings are `Buffer`s, integers numbers, nil `null`, arrays arrays of these.
 * @throws the error of Redis or of the connection, or a timeout after the connection's `commandTimeout`.
 */
export function runScript(
  client: RedisClient,
  script: RedisScript,
  keys: readonly string[],
  args: readonly CommandArgument[] = [],
): Promise<unknown> {
  return new Promise((onReply, onError) => run(callCommand, client, script, keys, args, { onReply, onError }));
}

/** Like {@link runScript}, but without a timeout: for callers that have their own deadline. */
export function sendScript(
  client: RedisClient,
  script: RedisScript,
  keys: readonly string[],
  args: readonly CommandArgument[],
  listener: ReplyListener,
): void {
  run(sendCommand, client, script, keys, args, listener);
}

function run(
  send: Send,
  client: RedisClient,
  script: RedisScript,
  keys: readonly string[],
  args: readonly CommandArgument[],
  listener: ReplyListener,
): void {
  send(client, 'evalsha', [script.sha, keys.length, ...keys, ...args], {
    onReply: (reply) => listener.onReply(reply),
    onError(error) {
      if (!error.message.startsWith('NOSCRIPT')) return listener.onError(error);
      send(client, 'eval', [script.source, keys.length, ...keys, ...args], listener);
    },
  });
}
