import { masterConnections } from '../clients/redis-client.js';
import { classifyFailure } from '../monitor/failure.js';
import type { RedisClient } from '../redis.types.js';
import { combineUsage, parseUsage } from './parse-usage.js';
import type { RedisUsage } from './redis-usage.types.js';

/** The usage; `denied` when INFO is forbidden, `unavailable` when Redis does not answer now. */
export type UsageReading = { readonly usage: RedisUsage } | { readonly denied: true } | { readonly unavailable: true };

/** Reads the usage of every master. Never rejects. */
export async function readUsage(client: RedisClient, limitBytes?: number): Promise<UsageReading> {
  const [first, ...others] = masterConnections(client).map((redis) => redis.info());
  if (first === undefined) return { unavailable: true };
  try {
    const [info, ...infos] = await Promise.all([first, ...others]);
    return {
      usage: combineUsage([parseUsage(info, limitBytes), ...infos.map((text) => parseUsage(text, limitBytes))]),
    };
  } catch (error) {
    return isDenied(error) ? { denied: true } : { unavailable: true };
  }
}

/** Sets the policy on every master. Returns whether all accepted it. Never rejects. */
export async function setEvictionPolicy(client: RedisClient, policy: string): Promise<boolean> {
  const answers = await Promise.allSettled(
    masterConnections(client).map((redis) => redis.config('SET', 'maxmemory-policy', policy)),
  );
  return answers.every(({ status }) => status === 'fulfilled');
}

/** Whether the ACL forbids the command or the provider does not support it. */
function isDenied(error: unknown): boolean {
  const reason = classifyFailure(error);
  return reason === 'NOPERM' || reason === 'error';
}
