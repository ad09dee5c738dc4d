import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { CACHE, type Cache, createCache } from '../../../src/modules/cache/index.js';
import { SharedPaceWindow } from '../../../src/modules/embedding/providers/upstream/pacing/shared-pace-window.js';
import { WindowCounter } from '../../../src/modules/embedding/tenants/window-counter.js';
import { REDIS_POOL, type RedisPool, RedisStatusService, renderAclFile } from '../../../src/modules/redis/index.js';
import { createSession, SESSION_ENV, TRUSTED } from '../../e2e/session/clients.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp } from '../../support/test-app.js';

/** The rules that the documented file has for a namespace, with a password. */
function rulesOf(namespace: string, password: string): string[] {
  const line = renderAclFile(namespace)
    .split('\n')
    .find((text) => text.startsWith(`user ${namespace} `));
  return line!.replace(`user ${namespace} `, '').replace('CHANGE-ME', password).split(' ');
}

it('the documented file is the one for the default namespace', async () => {
  const file = await readFile(new URL('../../../ops/redis/larder.acl', import.meta.url), 'utf8');
  expect(file).toBe(renderAclFile('larder'));
});

describe.each(['larder', 'shop'])(
  'a user with the documented rules for the namespace %s and no others',
  (namespace) => {
    let redis: RedisServer;
    let caches: Cache[];
    const denied = async () => (await redis.command('ACL', 'LOG')) as unknown[];
    const urlOf = (user: string): string => redis.url.replace('redis://', `redis://${user}:pw@`);

    beforeAll(async () => {
      redis = await RedisServer.start();
      await redis.command('ACL', 'SETUSER', namespace, ...rulesOf(namespace, 'pw'));
      const options = { redis: urlOf(namespace), namespace };
      caches = [createCache(options), createCache(options)];
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
      const app = await startApp({ REDIS_URL: urlOf(namespace), CACHE_NAMESPACE: namespace, ...SESSION_ENV });
      await eventually(() => expect(app.get<RedisPool>(REDIS_POOL).monitor.state).toBe('up'));
      const session = await createSession(app);
      await app.http.get('/sessions/current').set(session.bearer).expect(200);
      await app.http.post('/sessions/current/rotate').set(session.bearer).expect(200);
      await app.http.get('/sessions/users/ada').set(TRUSTED).expect(200);
      await app.http.delete('/sessions/users/ada').set(TRUSTED).expect(200);
      await app.http.delete('/sessions/everyone').set(TRUSTED).expect(200);
      await app.get<WindowCounter>(WindowCounter).add('a key', 1, 60_000);
      await new SharedPaceWindow(
        { pool: app.get<RedisPool>(REDIS_POOL), namespace },
        { provider: 'p', origin: 'o', model: 'm' },
        { texts: 1, tokens: 1 },
      ).pause(0);
      await app.get<Cache>(CACHE).set('k', 1, { tags: ['t'] });

      const keys = (await redis.command('KEYS', '*')) as string[];
      expect(keys.filter((key) => !new RegExp(`^\\{?${namespace}[}:.]`).test(key))).toEqual([]);
      expect(keys.some((key) => key.includes(':limits:'))).toBe(true);
      const channels = (await redis.command('PUBSUB', 'CHANNELS', '*')) as string[];
      expect(
        channels.filter((channel) => !channel.startsWith(`${namespace}:`) && !channel.startsWith(`${namespace}.`)),
      ).toEqual([]);
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
      const client = redis.client({ username: namespace, password: 'pw' });
      await expect(client.call(command, ...args)).rejects.toThrow(
        /NOPERM|The user executing the script can't|ACL failure in script/,
      );
      client.disconnect();
    });
  },
);

describe('a user without some of the rules', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.command('ACL', 'SETUSER', 'shop', ...rulesOf('shop', 'pw'));
    await redis.command('ACL', 'SETUSER', 'shop', '-incrby', '-subscribe');
  });
  afterAll(() => redis.stop());

  it('is told in health and log what is denied, each once', async () => {
    const lines: string[] = [];
    const log = jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((text: unknown) => void lines.push(String(text)));
    const app = await startApp({
      REDIS_URL: redis.url.replace('redis://', 'redis://shop:pw@'),
      CACHE_NAMESPACE: 'shop',
    });
    for (let i = 0; i < 3; i++) await app.get<WindowCounter>(WindowCounter).add('a key', 1, 60_000);
    const denied = (): readonly string[] => app.get<RedisStatusService>(RedisStatusService).status()!.denied;
    await eventually(() => expect(denied().join()).toMatch(/'subscribe'/));
    await eventually(async () => {
      await app.get<WindowCounter>(WindowCounter).add('a key', 1, 60_000);
      expect(denied().join()).toMatch(/'incrby'/);
    });
    expect((await app.http.get('/health')).body).toMatchObject({ status: 'degraded' });
    expect(lines.filter((line) => line.includes("'incrby'"))).toHaveLength(1);
    log.mockRestore();
    await app.close();
  });
});
