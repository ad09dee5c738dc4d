import { masterConnections } from '../clients/redis-client.js';
import { classifyFailure } from '../monitor/failure.js';
import type { RedisClient } from '../redis.types.js';
import { combineUsage, parseUsage } from './parse-usage.js';
import type { RedisUsage } from './redis-usage.types.js';

/** The usage, or why it can't be told: forbidden for good, or not now. */
export type UsageReading = { readonly usage: RedisUsage } | { readonly denied: true } | { readonly unavailable: true };

/** Asks every master. Never rejects. */
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

/** Whether every master has the policy now. Never rejects. */
export async function setEvictionPolicy(client: RedisClient, policy: string): Promise<boolean> {
  const answers = await Promise.allSettled(
    masterConnections(client).map((redis) => redis.config('SET', 'maxmemory-policy', policy)),
  );
  return answers.every(({ status }) => status === 'fulfilled');
}

/** Forbidden by the ACL, or not offered by the provider. */
function isDenied(error: unknown): boolean {
  const reason = classifyFailure(error);
  return reason === 'NOPERM' || reason === 'error';
}
