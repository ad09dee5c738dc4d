import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { redisUp } from '../../support/redis-up.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { createSession, SESSION_ENV, TRUSTED } from './clients.js';

describe('sessions of two instances on one Redis', () => {
  let redis: RedisServer;
  let one: TestApp;
  let two: TestApp;
  const start = () => startApp({ ...SESSION_ENV, REDIS_URL: redis.url });

  beforeAll(async () => {
    redis = await RedisServer.start();
    [one, two] = await Promise.all([start(), start()]);
    await Promise.all([redisUp(one), redisUp(two)]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await redis.stop();
  });

  it('read and change one session', async () => {
    const { bearer } = await createSession(one, { userId: 'ada', data: { cart: ['tea'] } });
    await two.http
      .patch('/sessions/current')
      .set(bearer)
      .send({ data: { theme: 'dark' } })
      .expect(200);
    const { body } = await one.http.get('/sessions/current').set(bearer).expect(200);
    expect(body).toMatchObject({ userId: 'ada', data: { cart: ['tea'], theme: 'dark' } });
  });

  it('lose no merge of those made at once', async () => {
    const { bearer } = await createSession(one);
    const merges = Array.from({ length: 8 }, (_, n) =>
      (n % 2 ? one : two).http
        .patch('/sessions/current')
        .set(bearer)
        .send({ data: { [`k${n}`]: n } }),
    );
    for (const { status } of await Promise.all(merges)) expect(status).toBe(200);
    const { body } = await two.http.get('/sessions/current').set(bearer).expect(200);
    expect(Object.keys(body.data)).toHaveLength(8);
  });

  it('see a logout on the other at once', async () => {
    const { bearer } = await createSession(one);
    await two.http.get('/sessions/current').set(bearer).expect(200);
    await one.http.delete('/sessions/current').set(bearer).expect(204);
    await two.http.get('/sessions/current').set(bearer).expect(401);
  });

  it('see the old token dead on the other at once when a session is rotated', async () => {
    const { bearer } = await createSession(one);
    await two.http.get('/sessions/current').set(bearer).expect(200);
    const { body } = await one.http.post('/sessions/current/rotate').set(bearer).expect(200);
    await two.http.get('/sessions/current').set(bearer).expect(401);
    await two.http.get('/sessions/current').set('authorization', `Bearer ${body.token}`).expect(200);
  });

  it('resurrect nothing when a logout comes in the middle of fifty requests that save', async () => {
    const { bearer } = await createSession(one, { userId: 'eve' });
    const requests = Array.from({ length: 50 }, (_, n) =>
      (n % 2 ? one : two).http.patch('/sessions/current').set(bearer).send({ data: { n } }),
    );
    const logout = two.http.delete('/sessions/current').set(bearer);
    const statuses = (await Promise.all([...requests, logout])).map(({ status }) => status);
    expect(statuses.filter((status) => ![200, 204, 401, 409].includes(status))).toEqual([]);
    for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(401);
    const { body } = await one.http.get('/sessions/users/eve').set(TRUSTED).expect(200);
    expect(body.sessions).toEqual([]);
  });

  it('end all sessions of a user everywhere, and no session of another user', async () => {
    const mine = [await createSession(one, { userId: 'bob' }), await createSession(two, { userId: 'bob' })];
    const other = await createSession(two, { userId: 'carol' });
    for (const { bearer } of mine)
      for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(200);
    await one.http.delete('/sessions/users/bob').set(TRUSTED).expect(200, { revoked: 2 });
    for (const { bearer } of mine)
      for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(401);
    await one.http.get('/sessions/current').set(other.bearer).expect(200);
  });

  it('end all sessions', async () => {
    const sessions = [
      await createSession(one, { userId: 'x' }),
      await createSession(two, { userId: 'y' }),
      await createSession(one, {}),
    ];
    await two.http.delete('/sessions/everyone').set(TRUSTED).expect(200);
    for (const { bearer } of sessions)
      for (const app of [one, two]) await app.http.get('/sessions/current').set(bearer).expect(401);
  });

  it('find a session again after both were restarted', async () => {
    const { bearer } = await createSession(one, { userId: 'ada', data: { n: 1 } });
    await Promise.all([one.close(), two.close()]);
    [one, two] = await Promise.all([start(), start()]);
    for (const app of [one, two]) {
      const { body } = await app.http.get('/sessions/current').set(bearer).expect(200);
      expect(body.data).toEqual({ n: 1 });
    }
  });

  it('keep nothing in Redis that opens a session', async () => {
    const { token, id, bearer } = await createSession(one, { userId: 'ada' });
    await two.http.get('/sessions/current').set(bearer).expect(200);
    const client = redis.client();
    const dump = await eventually(async () => {
      const keys = await client.keys('*');
      expect(keys.some((key) => key.includes(id))).toBe(true);
      return Promise.all(keys.map(async (key) => `${key} ${(await client.dumpBuffer(key))?.toString('latin1')}`));
    });
    expect(dump.filter((entry) => entry.includes(token) || entry.includes(token.slice(3)))).toEqual([]);
  });
});
