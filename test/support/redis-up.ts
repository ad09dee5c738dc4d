import { type RedisPool, REDIS_POOL } from '../../src/modules/redis/index.js';
import type { TestApp } from './test-app.js';

/** Resolves when the app has Redis: starting never waits for it. @throws after ten seconds. */
export async function redisUp(app: Pick<TestApp, 'get'>): Promise<void> {
  const state = await app.get<RedisPool>(REDIS_POOL).monitor.waitUntilUp(10_000);
  if (state !== 'up') throw new Error(`Redis is ${state}`);
}

/**
 * An environment in which reads wait for Redis longer than on a server of one's own. Several instances share one event loop
 * here, and a read that is given up is computed again, which is what these tests count.
 */
export const patientRedisEnv = (url: string): NodeJS.ProcessEnv => ({
  REDIS_URL: url,
  REDIS_READ_BUDGET_MIN: '1s',
  REDIS_READ_BUDGET_MAX: '1s',
});
