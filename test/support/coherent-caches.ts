import { type CacheOptions, createCache } from '../../src/modules/cache/index.js';
import type { Cache } from '../../src/modules/cache/engine/contract/cache.js';
import { eventually } from './eventually.js';
import type { RedisServer } from './redis-server.js';

/**
 * Opens caches on one Redis, one for each set of options: several instances of one service.
 *
 * @returns the caches, as soon as each of them trusts Redis and follows the log. The test closes them.
 */
export async function coherentCaches<const T extends readonly CacheOptions[]>(
  redis: Pick<RedisServer, 'url'>,
  ...options: T
): Promise<{ [K in keyof T]: Cache }> {
  const caches = options.map((own) => createCache({ redis: redis.url, ...own }));
  await eventually(() => {
    for (const cache of caches) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
  });
  return caches as { [K in keyof T]: Cache };
}
