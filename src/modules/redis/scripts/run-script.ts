import type { RedisClient } from '../redis.types.js';
import type { RedisScript } from './redis-script.js';

/** What a script is given. */
export type ScriptArgument = string | number | Buffer;

/**
 * Runs a script by its digest, and in full when the server does not know it (yet, or any more: `SCRIPT FLUSH`, a restart,
 * another master). Nothing ran in the first case, so running it then is safe.
 *
 * @param client any client: the one a pool picked, or a Cluster; there all keys must be of one slot, and there must be one.
 * @returns the reply, raw: bulk strings are `Buffer`s, integers numbers, nil `null`, arrays arrays of these.
 * @throws what Redis or the connection answered.
 */
export async function runScript(
  client: RedisClient,
  script: RedisScript,
  keys: readonly (string | Buffer)[],
  args: readonly ScriptArgument[] = [],
): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args];
  try {
    return await client.callBuffer('EVALSHA', script.sha, ...rest);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return client.callBuffer('EVAL', script.source, ...rest);
  }
}

const isUnknownScript = (error: unknown) =>
  typeof error === 'object' && error !== null && 'message' in error && String(error.message).startsWith('NOSCRIPT');
