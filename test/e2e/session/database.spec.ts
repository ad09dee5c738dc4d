import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { createSession, type HeldSession, SESSION_ENV, TRUSTED } from './clients.js';

const statusOf = async (app: TestApp, { bearer }: HeldSession) =>
  (await app.http.get('/sessions/current').set(bearer)).status;

describe('sessions in PostgreSQL with Redis in front', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let one: TestApp;
  let two: TestApp;
  const start = (env: NodeJS.ProcessEnv = {}) =>
    startApp({ ...SESSION_ENV, DATABASE_URL: postgres.url, REDIS_URL: redis.url, ...env });

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    [one, two] = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('are read from Redis alone with SESSION_MEMORY=0, which needs a database', async () => {
    const app = await start({ SESSION_MEMORY: '0' });
    const session = await createSession(one, { userId: 'ada' });
    for (let i = 0; i < 2; i++) expect(await statusOf(app, session)).toBe(200);
    await app.close();
    await expect(startApp({ ...SESSION_ENV, SESSION_MEMORY: '0' })).rejects.toThrow(
      'SESSION_MEMORY: 0 needs a database',
    );
  });

  it('are read from the cache', async () => {
    const session = await createSession(one, { userId: 'ada' });
    let n = 0;
    for (const app of [one, two]) {
      await eventually(async () => {
        expect(await statusOf(app, session)).toBe(200);
        await postgres.query('update larder_session set data = $2 where id = $1', [
          session.id,
          JSON.stringify({ n: ++n }),
        ]);
        const { body } = await app.http.get('/sessions/current').set(session.bearer).expect(200);
        expect(body.data.n).not.toBe(n);
      });
    }
  });

  it('show a change and a logout on the other instance', async () => {
    const session = await createSession(one);
    for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    await two.http
      .patch('/sessions/current')
      .set(session.bearer)
      .send({ data: { theme: 'dark' } })
      .expect(200);
    await eventually(async () =>
      expect((await one.http.get('/sessions/current').set(session.bearer)).body.data).toEqual({ theme: 'dark' }),
    );
    await one.http.delete('/sessions/current').set(session.bearer).expect(204);
    expect(await statusOf(one, session)).toBe(401);
    await eventually(async () => expect(await statusOf(two, session)).toBe(401));
  });

  it('end together for one user and for all users, in the memory of both instances', async () => {
    const [a, b, c] = [
      await createSession(one, { userId: 'u' }),
      await createSession(two, { userId: 'u' }),
      await createSession(one, { userId: 'v' }),
    ];
    for (const session of [a, b, c]) for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    await one.http.delete('/sessions/users/u').set(TRUSTED).expect(200, { revoked: 2 });
    for (const session of [a, b])
      for (const app of [one, two]) await eventually(async () => expect(await statusOf(app, session)).toBe(401));
    expect(await statusOf(two, c)).toBe(200);
    await two.http.delete('/sessions/everyone').set(TRUSTED).expect(200);
    for (const app of [one, two]) await eventually(async () => expect(await statusOf(app, c)).toBe(401));
  });

  it('survive a flush of Redis and a restart of every instance', async () => {
    const session = await createSession(one, { userId: 'ada', data: { n: 1 } });
    for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    await redis.command('FLUSHALL');
    for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    await Promise.all([one.close(), two.close()]);
    await redis.command('FLUSHALL');
    [one, two] = await Promise.all([start(), start()]);
    for (const app of [one, two]) {
      const { body } = await app.http.get('/sessions/current').set(session.bearer).expect(200);
      expect(body.data).toEqual({ n: 1 });
    }
  });

  it('keep nothing in the database that opens a session', async () => {
    const { token } = await createSession(one);
    const rows = await postgres.query('select * from larder_session');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token.slice(3));
  });

  it('are created, served, changed and revoked as before while Redis is away, and stay revoked when it is back', async () => {
    const [alive, revoked] = [await createSession(one, { userId: 'ada' }), await createSession(one, { userId: 'eve' })];
    for (const session of [alive, revoked])
      for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    const snapshot = await redis.snapshot();
    await redis.kill();
    for (const app of [one, two]) expect(await statusOf(app, alive)).toBe(200);
    await one.http
      .patch('/sessions/current')
      .set(alive.bearer)
      .send({ data: { n: 2 } })
      .expect(200);
    await one.http.delete('/sessions/current').set(revoked.bearer).expect(202, { status: 'queued' });
    expect(await statusOf(one, revoked)).toBe(401);
    await eventually(async () => expect(await statusOf(two, revoked)).toBe(401));
    const born = await createSession(two);
    expect(await statusOf(one, born)).toBe(200);
    await redis.restart({ snapshot });
    for (const app of [one, two]) {
      await eventually(async () =>
        expect((await app.http.get('/sessions/current').set(alive.bearer)).body.data).toEqual({ n: 2 }),
      );
      await eventually(async () => expect(await statusOf(app, revoked)).toBe(401));
    }
  });

  it('are served from the cache while the database is away, and those that are not cached answer 503', async () => {
    const cached = await createSession(one);
    for (const app of [one, two]) expect(await statusOf(app, cached)).toBe(200);
    const cold = await createSession(one);
    await postgres.crash();
    for (const app of [one, two]) expect(await statusOf(app, cached)).toBe(200);
    const { body } = await two.http.get('/sessions/current').set(cold.bearer).expect(503);
    expect(body).toMatchObject({ type: 'urn:larder:sessions-unavailable' });
    await two.http.delete('/sessions/current').set(cached.bearer).expect(503);
    await postgres.restart();
    for (const session of [cached, cold]) await eventually(async () => expect(await statusOf(two, session)).toBe(200));
  });
});

describe('sessions in PostgreSQL alone', () => {
  it('hold on every instance at once: without Redis no session is cached in memory', async () => {
    const postgres = await PostgresServer.start();
    const start = () => startApp({ ...SESSION_ENV, DATABASE_URL: postgres.url });
    const [one, two] = await Promise.all([start(), start()]);
    const session = await createSession(one);
    for (const app of [one, two]) expect(await statusOf(app, session)).toBe(200);
    await one.http.delete('/sessions/current').set(session.bearer).expect(204);
    expect(await statusOf(two, session)).toBe(401);
    await Promise.all([one.close(), two.close()]);
    await postgres.stop();
  });
});
