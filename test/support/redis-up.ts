import { type RedisPool, REDIS_POOL } from '../../src/modules/redis/index.js';
import type { TestApp } from './test-app.js';

/** Resolves when the app has Redis: starting never waits for it. @throws after ten seconds. */
export async function redisUp(app: Pick<TestApp, 'get'>): Promise<void> {
  const state = await app.get<RedisPool>(REDIS_POOL).monitor.waitUntilUp(60_000);
  if (state !== 'up') throw new Error(`Redis is ${state}`);
}
