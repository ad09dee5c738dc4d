import { type Cache, CACHE, invalidationChannel } from '../../../src/modules/cache/index.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

describe('invalidation over the Redis-transport microservice', () => {
  let redis: RedisServer;
  let apps: TestApp[];
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    // A slow heartbeat: an invalidation that arrives quickly was announced, not read from the log.
    const env = { REDIS_URL: redis.url, CACHE_HEARTBEAT: '20s' };
    apps = [await startApp(env), await startApp(env)];
    [a, b] = apps.map((app) => app.get<Cache>(CACHE)) as [Cache, Cache];
    const isReady = expect.objectContaining({ redis: 'up', isCoherent: true });
    await eventually(() => expect([a.stats(), b.stats()]).toEqual([isReady, isReady]));
  });

  afterAll(async () => {
    for (const app of apps) await app.close();
    await redis.stop();
  });

  it("empties the other instance's memory tier on delete and by tag", async () => {
    await a.set('k', 1, { tags: ['t'] });
    await expect(b.get('k')).resolves.toBe(1);
    await a.delete('k');
    await eventually(async () => expect(await b.get('k')).toBeUndefined());
    await b.set('k', 2, { tags: ['t'] });
    await eventually(async () => expect(await a.get('k')).toBe(2));
    await b.invalidateTags(['t']);
    await eventually(async () => expect(await a.get('k')).toBeUndefined());
  });

  it('speaks the same wire format as the library face', async () => {
    const library = createCache({ redis: redis.url, coherence: { heartbeatMs: 20_000 } });
    await eventually(() => expect(library.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    await library.set('w', 1);
    await expect(a.get('w')).resolves.toBe(1);
    await library.delete('w');
    await eventually(async () => expect(await a.get('w')).toBeUndefined());
    await a.set('w', 2);
    await expect(library.get('w')).resolves.toBe(2);
    await a.delete('w');
    await eventually(async () => expect(await library.get('w')).toBeUndefined());
    await library.close();
  });

  it('answers no message of the bus, also not one that asks for an answer', async () => {
    const channel = invalidationChannel('larder');
    const [client, listener] = [redis.client(), redis.client()];
    const heard: string[] = [];
    listener.on('message', (_channel: string, text: string) => heard.push(text));
    await listener.subscribe(`${channel}.reply`);
    await client.publish(channel, JSON.stringify({ pattern: channel, data: null, id: 'a stranger asks' }));
    // The next message of the channel comes after it, and the last one on the channel of replies after every answer.
    await a.set('after', 1);
    await eventually(async () => expect(await b.get('after')).toBe(1));
    await a.delete('after');
    await eventually(async () => expect(await b.get('after')).toBeUndefined());
    await client.publish(`${channel}.reply`, 'the end');
    await eventually(() => expect(heard).toContain('the end'));
    expect(heard).toEqual(['the end']);
    for (const connection of [client, listener]) connection.disconnect();
  });

  it('hears invalidations again after its connection was cut', async () => {
    const client = redis.client();
    for (let i = 0; i < 5; i++) {
      await a.set('cut', i);
      await eventually(async () => expect(await b.get('cut')).toBe(i));
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await a.delete('cut');
      await eventually(async () => expect(await b.get('cut')).toBeUndefined());
    }
    client.disconnect();
  });

  it('loses nothing but hits to forged, garbage and oversized messages', async () => {
    const client = redis.client();
    const channel = 'larder:invalidations';
    await a.set('forged', 1);
    const forged = [
      '[0,99999999999999,0,1,{"s":"x","k":["forged"]}]',
      '[7,1,0,1,{"s":"x","k":[]}]',
      'garbage',
      '{}',
      '{"pattern":"x"}',
      JSON.stringify({ pattern: channel, data: null }),
      JSON.stringify({
        pattern: channel,
        data: { v: 1, p: 0, id: '99999999999999-0', prev: '0-0', b: { s: 'x', k: ['forged'] } },
      }),
      JSON.stringify({ pattern: channel, data: { v: 1, p: 7, id: '1-0', prev: '0-0', b: { s: 'x', k: [] } } }),
      JSON.stringify({ pattern: channel, data: { v: 1, w: Array.from({ length: 1_000 }, (_, i) => `k${i}`) } }),
      JSON.stringify({
        pattern: channel,
        data: { v: 1, p: 0, id: '5-0', prev: '4-0', b: { s: 'x', k: ['x'.repeat(2 ** 20)] } },
      }),
      JSON.stringify({ pattern: channel, id: 'reply-wanted', data: {} }),
    ];
    for (const message of forged) await client.publish(channel, message);
    await eventually(async () => expect(await b.get('forged')).toBe(1));
    await a.delete('forged');
    await eventually(async () => expect(await b.get('forged')).toBeUndefined());
    client.disconnect();
  });
});
