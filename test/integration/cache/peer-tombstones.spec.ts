import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import type { CacheOptions } from '../../../src/modules/cache/create-cache.options.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

const QUEUED = { status: 'queued' };
const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

/**
 * A can't invalidate (Redis lets it do everything but remove), so its invalidations wait; the bus still carries its messages.
 * The others may do everything.
 */
describe('an entry that one instance could not invalidate in Redis', () => {
  let redis: RedisServer;
  let a: Cache;
  const opened: Cache[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start();
    await redis.command('ACL', 'SETUSER', 'a', 'on', '>secret', '~*', '&*', '+@all', '-del');
    a = await open({ redis: redis.url.replace('//', '//a:secret@'), outbox: { maxItems: 100 } });
  });

  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close();
    await redis.stop();
  });

  async function open(options: CacheOptions = {}): Promise<Cache> {
    const [cache] = await coherentCaches(redis, { namespace: 'told', minReadTimeoutMs: 10_000, ...options });
    opened.push(cache);
    return cache;
  }

  /** Reads in every way. A value that is not in the cache comes from the source, where it is new. */
  async function readAll(cache: Cache): Promise<unknown[]> {
    const one = KEYS.flatMap((key) => [
      cache.get(key),
      cache.get(key, { consistency: 'strict', allowStale: true }),
      cache.getOrLoad(key, () => 'new', { tags: ['all'] }),
      cache.getOrLoad(key, () => 'new', { tags: ['all'], earlyRefreshBeta: 1 }),
    ]);
    const many = [
      cache.getMany(KEYS),
      cache.getOrLoadMany(KEYS, (missing) => new Map(missing.map((key) => [key, 'new'])), { tags: ['all'] }),
    ].map(async (values) => [...(await values).values()]);
    return (await Promise.all([...one, ...many])).flat();
  }

  const isOldHeld = async (): Promise<boolean> =>
    (await redis.command('EXISTS', ...KEYS.map((key) => `{told}:v::${key}`))) === KEYS.length;

  /** A's invalidations are sent at last: others share entries through Redis again. */
  async function letASend(cache: Cache): Promise<void> {
    await redis.command('ACL', 'SETUSER', 'a', '+del');
    await eventually(() => expect(a.stats().queuedInvalidations).toBe(0));
    const other = await open({ memory: false });
    await eventually(async () => {
      await other.set('k0', 'shared');
      expect(await cache.getEntry('k0', { consistency: 'strict' })).toMatchObject({ value: 'shared', tier: 'redis' });
    });
  }

  const invalidations: [string, () => Promise<unknown>][] = [
    ['keys', () => a.delete(KEYS)],
    ['a tag', () => a.invalidateTags(['all'])],
    ['everything', () => a.clear()],
    ['more than its outbox holds', () => a.delete([...KEYS, ...Array.from({ length: 200 }, (_, i) => `other${i}`)])],
  ];

  describe.each([
    ['with a memory tier', {}],
    ['without a memory tier', { memory: false }],
  ] satisfies [string, CacheOptions][])('%s', (_, options) => {
    it.each(invalidations)(
      'is not served by instances that heard of it, though they may write: %s',
      async (_what, invalidate) => {
        const b = await open(options);
        await Promise.all(KEYS.map((key) => b.set(key, 'old', { tags: ['all'] })));
        await expect(readAll(b)).resolves.toContain('old');

        await expect(invalidate()).resolves.toEqual(QUEUED);
        // One hop of the bus.
        await eventually(async () => expect(await b.get('k0')).toBeUndefined());

        expect(await isOldHeld()).toBe(true);
        for (let round = 0; round < 5; round++) expect(await readAll(b)).not.toContain('old');
        await letASend(b);
        expect(await readAll(b)).not.toContain('old');
      },
    );

    it.each(invalidations)(
      'is asked about by an instance that starts later, and not served after the answer: %s',
      async (_what, invalidate) => {
        const source = await open({ memory: false });
        await Promise.all(KEYS.map((key) => source.set(key, 'old', { tags: ['all'] })));
        await expect(invalidate()).resolves.toEqual(QUEUED);

        const c = await open(options);
        // It was not there when A said so: it asks once it is subscribed.
        await eventually(async () => expect(await c.get('k0', { consistency: 'strict' })).toBeUndefined());

        for (let round = 0; round < 5; round++) expect(await readAll(c)).not.toContain('old');
        await letASend(c);
        expect(await readAll(c)).not.toContain('old');
      },
    );
  });

  it.each(['a tag', 'everything'])('is not leased, nor stored there anew, while it would be void: %s', async (what) => {
    const b = await open({ memory: false });
    await b.set('k0', 'old', { tags: ['all'] });
    const stored = await redis.client().getBuffer('{told}:v::k0');
    await expect(what === 'a tag' ? a.invalidateTags(['all']) : a.clear()).resolves.toEqual(QUEUED);
    await eventually(async () => expect(await b.get('k0')).toBeUndefined());

    for (const cache of [a, b])
      await expect(cache.getOrLoad('k0', () => 'new', { tags: ['all'] })).resolves.toBe('new');

    expect(await redis.client().getBuffer('{told}:v::k0')).toEqual(stored);
  });

  it('is not kept by a load that began before, and names the tag only with its result', async () => {
    const b = await open();
    await b.set('k0', 'old', { tags: ['all'] });
    let finish!: () => void;
    const loading = b.getOrLoad('late', async (context) => {
      await new Promise<void>((resolve) => (finish = resolve));
      context.set({ tags: ['named late'] });
      return 'old';
    });
    await eventually(() => expect(finish).toBeDefined());
    await expect(a.invalidateTags(['all', 'named late'])).resolves.toEqual(QUEUED);
    await eventually(async () => expect(await b.get('k0')).toBeUndefined());

    finish();
    await expect(loading).resolves.toBe('old');

    await expect(b.get('late')).resolves.toBeUndefined();
    await expect(b.getOrLoad('late', () => 'new')).resolves.toBe('new');
  });

  it('is asked about by an instance that was cut off from the bus at that time', async () => {
    const b = await open();
    await Promise.all(KEYS.map((key) => b.set(key, 'old', { tags: ['all'] })));
    // No instance hears this one: every subscriber is gone for the moment.
    await redis.command('ACL', 'SETUSER', 'a', '-publish');
    await expect(a.delete(KEYS)).resolves.toEqual(QUEUED);
    await expect(b.get('k0')).resolves.toBe('old');
    await redis.command('ACL', 'SETUSER', 'a', '+publish');

    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');

    await eventually(async () => expect(await b.get('k0')).toBeUndefined());
    for (let round = 0; round < 5; round++) expect(await readAll(b)).not.toContain('old');
  });
});
