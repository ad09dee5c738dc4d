import { REDIS_POOL, type RedisPool } from '../../src/modules/redis/index.js';
import { eventually } from '../support/eventually.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { redisUp } from '../support/redis-up.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { createSession, type HeldSession, SESSION_ENV, TRUSTED } from '../e2e/session/clients.js';

const statusOf = async (app: TestApp, { bearer }: HeldSession) =>
  (await app.http.get('/sessions/current').set(bearer)).status;

describe('sessions over a failover', () => {
  let redis: RedisSentinel;
  let one: TestApp;
  let two: TestApp;

  beforeAll(async () => {
    redis = await RedisSentinel.start();
    const { sentinels, name } = redis.source;
    const start = () =>
      startApp({
        ...SESSION_ENV,
        REDIS_SENTINELS: sentinels.map(({ host, port }) => `${host}:${port}`).join(),
        REDIS_SENTINEL_MASTER: name,
      });
    [one, two] = await Promise.all([start(), start()]);
    await Promise.all([redisUp(one), redisUp(two)]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await redis.stop();
  });

  it('live on, and a session that was ended while the replicas were cut off stays ended when one of them takes over', async () => {
    const [alive, byId, byUser] = [
      await createSession(one, { userId: 'ada' }),
      await createSession(one, { userId: 'bob' }),
      await createSession(two, { userId: 'eve' }),
    ];
    const master = await redis.master();
    expect(await master.command('WAIT', 2, 5_000)).toBe(2);
    for (const session of [alive, byId, byUser])
      for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);

    const replicas = redis.servers.filter((server) => server !== master);
    for (const replica of replicas) replica.pause();
    // Bytes in the socket of a stopped process would reach it later.
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await one.http.delete('/sessions/current').set(byId.bearer).expect(204);
    await two.http.delete('/sessions/users/eve').set(TRUSTED).expect(200, { revoked: 1 });
    await master.kill();
    for (const replica of replicas) replica.resume();
    await redis.failedOver(master);

    for (const app of [one, two]) {
      await eventually(() => expect(app.get<RedisPool>(REDIS_POOL).monitor.state).toBe('up'));
    }
    for (const app of [one, two]) {
      for (const session of [byId, byUser])
        await eventually(async () => expect(await statusOf(app, session)).toBe(401));
      expect(await statusOf(app, alive)).toBe(200);
    }
  });
});
