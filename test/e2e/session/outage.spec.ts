import { jest } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { REDIS_POOL, type RedisPool } from '../../../src/modules/redis/index.js';
import type { SessionBackend } from '../../../src/modules/session/session-backend.js';
import { SESSION_BACKEND } from '../../../src/modules/session/session.tokens.js';
import { createSession, type HeldSession, SESSION_ENV, TRUSTED } from './clients.js';

const statusOf = async (app: TestApp, { bearer }: HeldSession) =>
  (await app.http.get('/sessions/current').set(bearer)).status;
/** What an instance could serve of a session without Redis. */
const copyOf = (app: TestApp, { id }: HeldSession) => app.get<SessionBackend>(SESSION_BACKEND).cache!.get(id);
const stateOf = (app: TestApp) => app.get<RedisPool>(REDIS_POOL).monitor.state;

describe('sessions while Redis is away', () => {
  let redis: RedisServer;
  let one: TestApp;
  let two: TestApp;
  const start = (env: NodeJS.ProcessEnv) => startApp({ ...SESSION_ENV, REDIS_URL: redis.url, ...env });
  const allAre = (state: 'up' | 'down') =>
    eventually(() => expect([stateOf(one), stateOf(two)]).toEqual([state, state]));

  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await redis.stop();
  });

  describe('SESSION_ON_OUTAGE=memory', () => {
    beforeEach(async () => {
      [one, two] = await Promise.all([start({}), start({})]);
      await allAre('up');
    });

    it('go on where they were served, are changed and created there, and are shared again when it is back, though it comes back empty', async () => {
      const known = await createSession(one, { userId: 'ada', data: { n: 1 } });
      for (const app of [one, two]) expect(await statusOf(app, known)).toBe(200);
      await redis.kill();
      expect(await statusOf(one, known)).toBe(200);
      expect(await statusOf(two, known)).toBe(200);
      await one.http
        .patch('/sessions/current')
        .set(known.bearer)
        .send({ data: { n: 2 } })
        .expect(200);
      const born = await createSession(one, { userId: 'bob' });
      expect(await statusOf(one, born)).toBe(200);
      await redis.restart();
      await allAre('up');
      expect((await two.http.get('/sessions/current').set(known.bearer).expect(200)).body.data).toEqual({ n: 2 });
      expect(await statusOf(two, born)).toBe(200);
      const { body } = await two.http.get('/sessions/users/bob').set(TRUSTED).expect(200);
      expect(body.sessions).toMatchObject([{ id: born.id }]);
    });

    it('go on at once: they wait for a Redis that is not connected to yet, never for one that was lost', async () => {
      const known = await createSession(one);
      expect(await statusOf(one, known)).toBe(200);
      await redis.kill();
      await eventually(() => expect(stateOf(one)).toBe('down'));
      const waits = jest.spyOn(one.get<RedisPool>(REDIS_POOL).monitor, 'waitUntilUp');
      expect(await statusOf(one, known)).toBe(200);
      expect(waits).not.toHaveBeenCalled();
    });

    it('are answered once Redis is known to be frozen, however long a command may take', async () => {
      const patient = await start({ REDIS_COMMAND_TIMEOUT: '5m', REDIS_SOCKET_TIMEOUT: '5m' });
      await eventually(() => expect(stateOf(patient)).toBe('up'));
      const known = await createSession(patient);
      expect(await statusOf(patient, known)).toBe(200);
      redis.pause();
      const replies = await Promise.all(Array.from({ length: 10 }, () => statusOf(patient, known)));
      expect(replies).toEqual(Array.from({ length: 10 }, () => 200));
      redis.resume();
      await patient.close();
    });

    it('are answered 503, not 401, by an instance that did not serve them before', async () => {
      const known = await createSession(one);
      expect(await statusOf(one, known)).toBe(200);
      await redis.kill();
      const reply = await two.http.get('/sessions/current').set(known.bearer).expect(503);
      expect(reply.body).toMatchObject({ type: 'urn:larder:sessions-unavailable' });
    });

    it('stay revoked here during the outage and everywhere after it, though Redis still has them', async () => {
      const sessions = await Promise.all(['a', 'b', 'c', 'd'].map((userId) => createSession(one, { userId })));
      const [byId, byUser, rotated, alive] = sessions as [HeldSession, HeldSession, HeldSession, HeldSession];
      for (const session of sessions)
        expect([await statusOf(one, session), await statusOf(two, session)]).toEqual([200, 200]);
      const snapshot = await redis.snapshot();
      await redis.kill();
      await one.http.delete('/sessions/current').set(byId.bearer).expect(202, { status: 'queued' });
      await one.http.delete('/sessions/users/b').set(TRUSTED).expect(202, { revoked: 0, status: 'queued' });
      const rotation = await one.http.post('/sessions/current/rotate').set(rotated.bearer).expect(202);
      expect(rotation.body).toMatchObject({ status: 'queued', session: { userId: 'c' } });
      for (const session of [byId, byUser, rotated]) expect(await statusOf(one, session)).toBe(401);
      await redis.restart({ snapshot });
      await allAre('up');
      for (const session of [byId, byUser, rotated]) {
        await eventually(async () => expect(await statusOf(two, session)).toBe(401));
        expect(await statusOf(one, session)).toBe(401);
      }
      for (const app of [one, two]) expect(await statusOf(app, alive)).toBe(200);
    });

    it('stay revoked when Redis forgets that they were: it restarts from a snapshot taken before', async () => {
      const [byId, byUser, alive] = await Promise.all([
        createSession(one, { userId: 'a' }),
        createSession(two, { userId: 'b' }),
        createSession(one, { userId: 'c' }),
      ]);
      for (const session of [byId, byUser, alive])
        expect([await statusOf(one, session), await statusOf(two, session)]).toEqual([200, 200]);
      const snapshot = await redis.snapshot();
      await one.http.delete('/sessions/current').set(byId.bearer).expect(204);
      await two.http.delete('/sessions/users/b').set(TRUSTED).expect(200);
      // Elsewhere a revocation is heard a moment later; Redis must not die in it.
      await eventually(async () => expect(await copyOf(one, byUser)).toBeUndefined());
      await redis.kill();
      for (const session of [byId, byUser]) expect(await statusOf(one, session)).not.toBe(200);
      await redis.restart({ snapshot });
      await allAre('up');
      for (const session of [byId, byUser])
        for (const app of [one, two]) await eventually(async () => expect(await statusOf(app, session)).toBe(401));
      for (const app of [one, two]) expect(await statusOf(app, alive)).toBe(200);
    });

    it('are not served from a copy that another instance revoked before', async () => {
      const session = await createSession(one);
      expect(await statusOf(two, session)).toBe(200);
      await one.http.delete('/sessions/current').set(session.bearer).expect(204);
      expect(await statusOf(two, session)).toBe(401);
      await redis.kill();
      await eventually(() => expect(stateOf(two)).toBe('down'));
      expect(await statusOf(two, session)).toBe(503);
    });
  });

  describe('SESSION_ON_OUTAGE=closed', () => {
    beforeEach(async () => {
      [one, two] = await Promise.all([start({ SESSION_ON_OUTAGE: 'closed' }), start({ SESSION_ON_OUTAGE: 'closed' })]);
      await allAre('up');
    });

    it('are answered 503 by everything, and as before once it is back', async () => {
      const session = await createSession(one);
      expect(await statusOf(one, session)).toBe(200);
      const snapshot = await redis.snapshot();
      await redis.kill();
      expect(await statusOf(one, session)).toBe(503);
      await one.http.patch('/sessions/current').set(session.bearer).send({ data: {} }).expect(503);
      await one.http.delete('/sessions/current').set(session.bearer).expect(503);
      await one.http.post('/sessions').set(TRUSTED).send({}).expect(503);
      await one.http.delete('/sessions/users/ada').set(TRUSTED).expect(503);
      await redis.restart({ snapshot });
      await allAre('up');
      for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    });

    it('stay revoked when Redis forgets that they were', async () => {
      const session = await createSession(one);
      const snapshot = await redis.snapshot();
      await one.http.delete('/sessions/current').set(session.bearer).expect(204);
      await redis.restart({ snapshot });
      await allAre('up');
      for (const app of [one, two]) await eventually(async () => expect(await statusOf(app, session)).toBe(401));
    });
  });
});
