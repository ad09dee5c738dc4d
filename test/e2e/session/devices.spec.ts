import { SessionEvents, type SessionEvent, SessionService } from '../../../src/modules/session/index.js';
import { eventually } from '../../support/eventually.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { RedisServer } from '../../support/redis-server.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { createSession, type HeldSession, SESSION_ENV, TRUSTED } from './clients.js';

const BACKENDS: [name: string, start: () => Promise<{ env: NodeJS.ProcessEnv; stop(): Promise<void> }>][] = [
  ['memory', async () => ({ env: {}, stop: async () => undefined })],
  [
    'Redis',
    async () => {
      const redis = await RedisServer.start();
      return { env: { REDIS_URL: redis.url }, stop: () => redis.stop() };
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const postgres = await PostgresServer.start();
      return { env: { DATABASE_URL: postgres.url }, stop: () => postgres.stop() };
    },
  ],
];

describe.each(BACKENDS)('what a user sees and decides about sessions in %s', (_name, startBackend) => {
  let backend: Awaited<ReturnType<typeof startBackend>>;
  const apps: TestApp[] = [];
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const app = await startApp({ ...SESSION_ENV, ...backend.env, ...env });
    apps.push(app);
    return app;
  };
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.stop());
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  const statusOf = async (app: TestApp, { bearer }: HeldSession) =>
    (await app.http.get('/sessions/current').set(bearer)).status;

  it('is the device, address and time of each session', async () => {
    const app = await start();
    const [one, two] = [await createSession(app, { userId: 'd' }), await createSession(app, { userId: 'd' })];
    await app.http.get('/sessions/current').set(one.bearer).set('user-agent', 'Phone/1').expect(200);
    const { body } = await app.http.get('/sessions').set(two.bearer).set('user-agent', 'Desk/2').expect(200);
    const byId = new Map(body.sessions.map((session: { id: string }) => [session.id, session]));
    expect(byId.get(one.id)).toMatchObject({ client: { address: '127.0.0.1', userAgent: 'Phone/1' } });
    expect(byId.get(two.id)).toMatchObject({ client: { address: '127.0.0.1', userAgent: 'Desk/2' }, isCurrent: true });
    for (const { createdAt, lastSeenAt } of body.sessions)
      expect(Date.parse(lastSeenAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
    const given = { address: '192.0.2.7', userAgent: 'TV' };
    const reply = await app.http.post('/sessions').set(TRUSTED).send({ userId: 'd', client: given }).expect(201);
    expect(reply.body.session.client).toEqual(given);
    const long = await createSession(app, { userId: 'd' });
    const { body: cut } = await app.http
      .get('/sessions/current')
      .set(long.bearer)
      .set('user-agent', 'x'.repeat(1_000))
      .expect(200);
    expect(cut.client.userAgent).toHaveLength(256);
  });

  it('is how long the device is remembered, within the limit of the application', async () => {
    const app = await start({ SESSION_MAX_ABSOLUTE_TIMEOUT: '30d' });
    const create = (timeouts: object) => app.http.post('/sessions').set(TRUSTED).send({ userId: 'r', timeouts });
    const reply = await create({ idle: '7d', absolute: '30d' }).expect(201);
    const { createdAt, expiresAt, absoluteExpiresAt } = reply.body.session;
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(7 * 86_400_000);
    expect(Date.parse(absoluteExpiresAt) - Date.parse(createdAt)).toBe(30 * 86_400_000);
    expect(reply.get('Set-Cookie')![0]).toContain(`Max-Age=${30 * 86_400}`);
    for (const timeouts of [{ absolute: '31d' }, { idle: '0s' }, { idle: 'long' }]) await create(timeouts).expect(400);
  });

  it('ends the oldest session when there are too many', async () => {
    const app = await start({ SESSION_MAX_PER_USER: '2' });
    const sessions: HeldSession[] = [];
    for (let n = 0; n < 4; n++) {
      sessions.push(await createSession(app, { userId: 'many' }));
      // Sessions of one millisecond are of one age.
      const made = Date.now();
      await eventually(() => expect(Date.now()).toBeGreaterThan(made));
    }
    const statuses = await Promise.all(sessions.map((session) => statusOf(app, session)));
    expect(statuses).toEqual([401, 401, 200, 200]);
    await Promise.all(Array.from({ length: 8 }, () => createSession(app, { userId: 'many' })));
    const { body } = await app.http.get('/sessions/users/many').set(TRUSTED).expect(200);
    expect(body.sessions).toHaveLength(2);
  });

  it('refuses one more session where the application wants it so', async () => {
    const app = await start({ SESSION_MAX_PER_USER: '2', SESSION_ON_LIMIT: 'refuse' });
    const first = await createSession(app, { userId: 'full' });
    await createSession(app, { userId: 'full' });
    const refused = await app.http.post('/sessions').set(TRUSTED).send({ userId: 'full' }).expect(409);
    expect(refused.body).toMatchObject({ type: 'urn:larder:too-many-sessions' });
    const visit = await createSession(app, { data: { cart: 1 } });
    const sessions = app.get<SessionService>(SessionService);
    await expect(sessions.logIn(visit.id, 'full')).rejects.toMatchObject({ status: 409 });
    expect(await statusOf(app, visit)).toBe(200);
    await app.http.delete('/sessions/current').set(first.bearer).expect(204);
    expect(await sessions.logIn(visit.id, 'full')).toMatchObject({ session: { userId: 'full' } });
    await app.http.post('/sessions').set(TRUSTED).send({}).expect(201);
  });

  it('is told to listeners: created, rotated, ended, expired', async () => {
    const app = await start();
    const events: SessionEvent[] = [];
    const sessionEvents = app.get<SessionEvents>(SessionEvents);
    sessionEvents.listen(() => {
      throw new Error('a listener that fails');
    });
    const stop = sessionEvents.listen((event) => void events.push(event));
    const session = await createSession(app, { userId: 'watched' });
    const { body } = await app.http.post('/sessions/current/rotate').set(session.bearer).expect(200);
    await app.http.delete('/sessions/current').set('authorization', `Bearer ${body.token}`).expect(204);
    await app.http.delete('/sessions/users/watched').set(TRUSTED).expect(200);
    const brief = await app.http
      .post('/sessions')
      .set(TRUSTED)
      .send({ userId: 'watched', timeouts: { idle: '1s' } })
      .expect(201);
    const { id } = brief.body.session;
    await eventually(() => expect(events.at(-1)?.type).toBe('expired'), { timeoutMs: 60_000 });
    expect(events).toMatchObject([
      { type: 'created', session: { id: session.id, userId: 'watched' } },
      { type: 'rotated', session: { id: body.session.id }, previousId: session.id, isLogin: false, status: 'applied' },
      { type: 'ended', target: { id: body.session.id }, count: 1, status: 'applied' },
      { type: 'ended', target: { userId: 'watched' }, count: 0, status: 'applied' },
      { type: 'created', session: { id } },
      { type: 'expired', id, userId: 'watched' },
    ]);
    stop();
    await createSession(app);
    expect(events).toHaveLength(6);
  });

  it('is of one user: ids are text, and an empty one is refused instead of meaning everyone', async () => {
    const app = await start();
    const sessions = app.get<SessionService>(SessionService);
    const other = await createSession(app, { userId: 'other' });
    await sessions.create({ userId: 42 });
    await sessions.create({ userId: 42n });
    await createSession(app, { userId: '42' });
    expect(await sessions.listByUser(42)).toHaveLength(3);
    for (const id of ['', Number.NaN, {}, null, undefined] as unknown as string[]) {
      await expect(sessions.listByUser(id)).rejects.toThrow(TypeError);
      await expect(sessions.revokeByUser(id)).rejects.toThrow(TypeError);
      await expect(sessions.logIn(other.id, id)).rejects.toThrow(TypeError);
    }
    await expect(sessions.create({ userId: '' })).rejects.toThrow(TypeError);
    await app.http.delete('/sessions/users/').set(TRUSTED).expect(404);
    expect(await sessions.revokeByUser(42)).toEqual({ count: 3, status: 'applied' });
    expect(await statusOf(app, other)).toBe(200);
  });
});

describe('the address of a client behind a proxy', () => {
  it('is the one that a trusted proxy names, and never the one that a stranger claims', async () => {
    for (const [env, address] of [
      [{}, '127.0.0.1'],
      [{ HTTP_TRUST_PROXY: '1' }, '192.0.2.7'],
    ] as const) {
      const app = await startApp({ ...SESSION_ENV, ...env });
      const session = await createSession(app);
      const { body } = await app.http
        .get('/sessions/current')
        .set(session.bearer)
        .set('x-forwarded-for', '198.51.100.1, 192.0.2.7')
        .expect(200);
      expect(body.client.address).toBe(address);
      await app.close();
    }
  });
});
