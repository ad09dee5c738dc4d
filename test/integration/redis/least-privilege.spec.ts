import { readFile } from 'node:fs/promises';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { REDIS_POOL, type RedisPool } from '../../../src/modules/redis/index.js';
import { createSession, SESSION_ENV, TRUSTED } from '../../e2e/session/clients.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp } from '../../support/test-app.js';

/** The rules of `ops/redis/larder.acl`, with a password. */
async function documentedRules(password: string): Promise<string[]> {
  const file = await readFile(new URL('../../../ops/redis/larder.acl', import.meta.url), 'utf8');
  const line = file.split('\n').find((text) => text.startsWith('user larder '));
  return line!.replace('user larder ', '').replace('CHANGE-ME', password).split(' ');
}

describe('a user with the documented rules and no others', () => {
  let redis: RedisServer;
  let caches: Cache[];
  const denied = async () => (await redis.command('ACL', 'LOG')) as unknown[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.command('ACL', 'SETUSER', 'larder', ...(await documentedRules('pw')));
    const url = redis.url.replace('redis://', 'redis://larder:pw@');
    caches = [createCache({ redis: url }), createCache({ redis: url })];
    await eventually(() => expect(caches.map((cache) => cache.stats().redis)).toEqual(['up', 'up']));
    await redis.command('ACL', 'LOG', 'RESET');
  });
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await redis.stop();
  });

  it('can do everything a cache does', async () => {
    const [one, two] = caches as [Cache, Cache];
    const images = one.namespace('images');
    expect(await one.getOrLoad('a', () => 'loaded', { tags: ['t'] })).toBe('loaded');
    expect(await two.get('a')).toBe('loaded');
    expect(await images.set('b', Buffer.alloc(200_000, 1))).toEqual({ status: 'applied' });
    expect((await two.getMany(['a', 'b'])).size).toBe(1);
    expect(await one.getOrLoadMany(['x', 'y'], (keys) => new Map(keys.map((key) => [key, key])))).toEqual(
      new Map([
        ['x', 'x'],
        ['y', 'y'],
      ]),
    );
    expect(await one.delete('x')).toEqual({ status: 'applied' });
    expect(await one.expireTags(['t'])).toEqual({ status: 'applied' });
    expect(await one.invalidateTags(['t'])).toEqual({ status: 'applied' });
    await eventually(async () => expect(await two.get('a')).toBeUndefined());
    expect(await one.clear()).toEqual({ status: 'applied' });
    expect(caches.map((cache) => cache.stats())).toMatchObject([
      { redis: 'up', isCoherent: true },
      { redis: 'up', isCoherent: true },
    ]);
    expect(await denied()).toEqual([]);
  });

  it('can run the whole service', async () => {
    const app = await startApp({ REDIS_URL: redis.url.replace('redis://', 'redis://larder:pw@'), ...SESSION_ENV });
    await eventually(() => expect(app.get<RedisPool>(REDIS_POOL).monitor.state).toBe('up'));
    const session = await createSession(app);
    await app.http.get('/sessions/current').set(session.bearer).expect(200);
    await app.http.post('/sessions/current/rotate').set(session.bearer).expect(200);
    await app.http.get('/sessions/users/ada').set(TRUSTED).expect(200);
    await app.http.delete('/sessions/users/ada').set(TRUSTED).expect(200);
    await app.http.delete('/sessions/everyone').set(TRUSTED).expect(200);
    await app.close();
    expect(await denied()).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['FLUSHALL', []],
    ['FLUSHDB', []],
    ['KEYS', ['*']],
    ['CONFIG', ['GET', 'maxmemory']],
    ['GET', ['other:key']],
    ['SET', ['session:1', 'x']],
    ['EVAL', ["return redis.call('GET', 'other:key')", '0']],
    ['PUBLISH', ['other', 'x']],
    ['SCRIPT', ['FLUSH']],
    ['ACL', ['LIST']],
  ])('may not %s %j', async (command, args) => {
    const client = redis.client({ username: 'larder', password: 'pw' });
    await expect(client.call(command, ...args)).rejects.toThrow(
      /NOPERM|The user executing the script can't|ACL failure in script/,
    );
    client.disconnect();
  });
});
