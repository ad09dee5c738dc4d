import { createCache } from '../../../src/modules/cache/create-cache.js';
import type { Cache, LoadContext } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe('a load whose callers are gone', () => {
  let redis: RedisServer;
  let cache: Cache;
  let other: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const open = (): Cache => createCache({ redis: redis.url, maxConcurrentLoads: 4, minReadTimeoutMs: 400 });
    [cache, other] = [open(), open()];
    await eventually(() => {
      for (const one of [cache, other]) expect(one.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });
  });
  afterAll(async () => {
    await Promise.all([cache.close(), other.close()]);
    await redis.stop();
  });

  /** As a loader that only listens: it never ends if the signal has aborted before. */
  const listening = ({ signal }: LoadContext): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

  it('does not run, wherever on its way the signals abort, and holds neither a permit nor a lease', async () => {
    let startedInVain = 0;
    const load = (context: LoadContext): Promise<never> => {
      if (context.signal.aborted) startedInVain++;
      return listening(context);
    };
    const failures: Promise<unknown>[] = [];
    for (let i = 0; i < 64; i++) {
      const leaving = new AbortController();
      failures.push(failureOf(cache.getOrLoad(`k:${i}`, load, { signal: leaving.signal })));
      failures.push(
        failureOf(cache.getOrLoadMany([`m:${i}`, `n:${i}`], (_, context) => load(context), { signal: leaving.signal })),
      );
      // Between a call and its loader lie a read, a wait for a permit and a lease.
      for (let turn = 0; turn < i % 8; turn++) await new Promise((resolve) => setImmediate(resolve));
      leaving.abort(new Error('gone'));
    }
    for (const failure of await Promise.all(failures)) expect(failure).toEqual(new Error('gone'));
    expect(startedInVain).toBe(0);
    await eventually(() => expect(cache.stats().loadsInFlight).toBe(0));
    // As many at once as there are permits.
    const values = Promise.all(Array.from({ length: 4 }, (_, i) => cache.getOrLoad(`k:${i}`, async () => i)));
    await expect(values).resolves.toEqual([0, 1, 2, 3]);
    for (let i = 4; i < 64; i++) await expect(other.getOrLoad(`k:${i}`, () => i)).resolves.toBe(i);
  });

  it('leaves out the keys that no caller wants any more', async () => {
    const narrow = cache.namespace('narrow', { maxConcurrentLoads: 1 });
    let end!: () => void;
    const first = narrow.getOrLoad('first', () => new Promise<void>((resolve) => (end = resolve)));
    await eventually(() => expect(end).toBeDefined());
    const leaving = new AbortController();
    let asked: readonly string[] = [];
    const load = (keys: readonly string[]): Map<string, string> => {
      asked = keys;
      return new Map(keys.map((key) => [key, key]));
    };
    const gone = failureOf(narrow.getOrLoadMany(['a', 'b'], load, { signal: leaving.signal }));
    await eventually(() => expect(narrow.stats().loadsInFlight).toBe(3));
    const wanted = narrow.getOrLoad('b', () => 'not called');
    leaving.abort(new Error('gone'));
    expect(await gone).toEqual(new Error('gone'));
    end();
    await expect(wanted).resolves.toBe('b');
    expect(asked).toEqual(['b']);
    await first;
  });
});
