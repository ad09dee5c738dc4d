import { UsageWatcher } from '../../../src/modules/redis/index.js';
import { SESSION_REDIS_USAGE } from '../../../src/modules/session/session.tokens.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { redisUp } from '../../support/redis-up.js';
import { startApp } from '../../support/test-app.js';
import { createSession, SESSION_ENV } from './clients.js';

const EVICTING = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];

describe('the Redis of sessions', () => {
  it('is warned about when it may evict them', async () => {
    const redis = await RedisServer.start({ args: EVICTING });
    const app = await startApp({ ...SESSION_ENV, REDIS_URL: redis.url });
    const watcher = app.get<UsageWatcher>(UsageWatcher);
    await eventually(() =>
      expect(watcher.warnings.map(({ message }) => message).join()).toMatch(/may evict sessions: .*SESSION_REDIS_URL/),
    );
    await app.close();
    await redis.stop();
  });

  it('is one of their own with SESSION_REDIS_URL: nothing that befalls the other touches them', async () => {
    const [shared, own] = await Promise.all([RedisServer.start({ args: EVICTING }), RedisServer.start()]);
    const start = () =>
      startApp({ ...SESSION_ENV, REDIS_URL: shared.url, SESSION_REDIS_URL: own.url, SESSION_ON_OUTAGE: 'closed' });
    const [one, two] = await Promise.all([start(), start()]);
    const watcher = one.get<UsageWatcher>(UsageWatcher);
    const { bearer, id } = await createSession(one);
    const holdsSession = async (redis: RedisServer) =>
      ((await redis.command('KEYS', '*')) as string[]).some((key) => key.includes(id));
    expect([await holdsSession(shared), await holdsSession(own)]).toEqual([false, true]);
    await eventually(() => expect(watcher.usage).toBeDefined());
    expect(watcher.warnings.map(({ message }) => message).join()).not.toContain('evict sessions');
    await shared.kill();
    for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(200);
    await own.kill();
    for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(503);
    await Promise.all([one.close(), two.close()]);
    await Promise.all([shared.stop(), own.stop()]);
  });
});

describe('a Redis that sessions have for themselves', () => {
  const warningsOf = async (args: string[]) => {
    const own = await RedisServer.start({ args });
    const app = await startApp({ ...SESSION_ENV, SESSION_REDIS_URL: own.url });
    const watcher = app.get<UsageWatcher>(SESSION_REDIS_USAGE);
    await eventually(() => expect(watcher.usage).toBeDefined());
    const warnings = watcher.warnings.map(({ code, about }) => [code, about]);
    await app.close();
    await own.stop();
    return warnings;
  };

  it('is warned about when it may evict them', async () => {
    expect(await warningsOf(EVICTING)).toEqual([['policy-evicts', 'sessions']]);
    expect(await warningsOf(['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lfu'])).toEqual([
      ['policy-evicts', 'sessions'],
    ]);
  });

  it('is as it should be when it refuses to evict', async () => {
    expect(await warningsOf(['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'])).toEqual([]);
  });
});

describe('a Redis that is frozen', () => {
  it('delays requests for a moment, not each of them, and makes no session come back', async () => {
    const redis = await RedisServer.start();
    const start = () => startApp({ ...SESSION_ENV, REDIS_URL: redis.url });
    const [one, two] = await Promise.all([start(), start()]);
    await Promise.all([redisUp(one), redisUp(two)]);
    const [alive, revoked] = [await createSession(one, { userId: 'ada' }), await createSession(one, { userId: 'eve' })];
    for (const { bearer } of [alive, revoked])
      for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(200);
    redis.pause();
    await one.http.delete('/sessions/current').set(revoked.bearer).expect(202, { status: 'queued' });
    const saves = Array.from({ length: 20 }, (_, n) =>
      one.http
        .patch('/sessions/current')
        .set(alive.bearer)
        .send({ data: { [`k${n}`]: n } }),
    );
    for (const { status } of await Promise.all(saves)) expect(status).toBe(200);
    await one.http.get('/sessions/current').set(revoked.bearer).expect(401);
    redis.resume();
    for (const app of [one, two]) {
      await eventually(async () => {
        const { body } = await app.http.get('/sessions/current').set(alive.bearer).expect(200);
        expect(Object.keys(body.data)).toHaveLength(20);
      });
      await eventually(async () =>
        expect((await app.http.get('/sessions/current').set(revoked.bearer)).status).toBe(401),
      );
    }
    await Promise.all([one.close(), two.close()]);
    await redis.stop();
  });
});
