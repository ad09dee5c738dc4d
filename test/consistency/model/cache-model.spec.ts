import fc from 'fast-check';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RedisServer } from '../../support/redis-server.js';
import { SEED } from '../../support/seeded-random.js';
import { cacheCommands, type CacheModel, type RealCaches } from './cache.model.js';
import { coherentCaches } from '../../support/coherent-caches.js';

const newModel = (throttleMs: number): CacheModel => {
  return { nowMs: 0, entries: new Map(), throttleMs, failures: new Map() };
};
const withChild = (root: Cache) => ({ root, child: root.namespace('child') });

describe(`the cache against a model of it (TEST_SEED=${SEED})`, () => {
  it('in memory, with time', async () => {
    const property = fc.asyncProperty(cacheCommands(1, true), async (commands) => {
      const clock = new FakeClock();
      // Time passes in steps of up to 200 ms.
      const cache = createCache({ clock, failSafeThrottleMs: 100 });
      const real: RealCaches = { instances: [withChild(cache)], advance: (ms) => clock.advance(ms) };
      await fc.asyncModelRun(() => ({ model: newModel(100), real }), commands);
      await cache.close();
    });
    await fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  describe('on Redis', () => {
    let redis: RedisServer;
    let caches: readonly Cache[];

    beforeAll(async () => {
      redis = await RedisServer.start();
      const options = { namespace: 'model', failSafeThrottleMs: 0 };
      caches = await coherentCaches(redis, options, options);
    });

    afterAll(async () => {
      for (const cache of caches) await cache.close();
      await redis.stop();
    });

    it.each([
      ['by one instance', 1],
      ['by two, which ask each other’s values strictly', 2],
    ])(
      '%s',
      async (_, instances) => {
        const property = fc.asyncProperty(cacheCommands(instances, false), async (commands) => {
          await caches[0]!.clear();
          const real: RealCaches = {
            instances: caches.slice(0, instances).map(withChild),
            advance: async () => undefined,
          };
          await fc.asyncModelRun(() => ({ model: newModel(0), real }), commands);
        });
        await fc.assert(property, { seed: SEED, numRuns: 60 });
      },
      60_000,
    );
  });
});
