import type { ReplyListener } from '../clients/data-connection.js';
import type { CommandArgument } from '../clients/encode-command.js';
import { callCommand, type Send, sendCommand } from '../clients/send-command.js';
import type { RedisClient } from '../redis.types.js';
import type { RedisScript } from './redis-script.js';

/**
 * Runs a script by its digest, and in full when the server does not know it (yet, or any more: `SCRIPT FLUSH`, a restart,
 * another master). Nothing ran in the first case, so running it then is safe.
 *
 * @param client any client: the one a pool picked, or a Cluster; there all keys must be of one slot, and there must be one.
 * @returns the reply, raw: bulk strings are `Buffer`s, integers numbers, nil `null`, arrays arrays of these.
 * @throws what Redis or the connection answered, or that it did not in the connection's `commandTimeout`.
 */
export function runScript(
  client: RedisClient,
  script: RedisScript,
  keys: readonly string[],
  args: readonly CommandArgument[] = [],
): Promise<unknown> {
  return new Promise((onReply, onError) => run(callCommand, client, script, keys, args, { onReply, onError }));
}

/** As {@link runScript} for who keeps the time: the shortest way, without a limit. */
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
