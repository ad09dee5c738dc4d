import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import expressSession from 'express-session';
import fastify, { type Session } from 'fastify';
import supertest from 'supertest';
import { systemClock } from '../../../src/common/clock.js';
import { SessionStoreAdapter } from '../../../src/modules/session/index.js';
import { MemorySessionStore } from '../../../src/modules/session/stores/memory.session-store.js';
import { cookieOf } from './clients.js';

const SECRET = 'a secret of at least thirty-two characters';

/** A site that counts views, logs in and out, and the store it uses. */
interface Site {
  readonly http: ReturnType<typeof supertest>;
  readonly store: MemorySessionStore;
  close(): Promise<void>;
}

interface Visit {
  views?: number;
  userId?: string;
}

const newStore = () => {
  const store = new MemorySessionStore(
    { idleTimeoutMs: 60_000, absoluteTimeoutMs: 60_000 },
    { maxBytes: 2 ** 20, clock: systemClock },
  );
  return {
    store,
    adapter: new SessionStoreAdapter<Session>(store, { userIdOf: (data) => data['userId'] as string | undefined }),
  };
};

async function withExpressSession(): Promise<Site> {
  const { store, adapter } = newStore();
  const middleware = expressSession({
    store: adapter.mountOn(expressSession.Store),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
  });
  const server: Server = createServer((incoming: IncomingMessage, reply: ServerResponse) => {
    const request = incoming as Parameters<typeof middleware>[0];
    middleware(request, reply as Parameters<typeof middleware>[1], (error) => {
      const session = request.session as typeof request.session & Visit;
      if (error) reply.writeHead(500).end();
      else if (request.url === '/login')
        session.regenerate(() => {
          (request.session as typeof session).userId = 'ada';
          reply.end();
        });
      else if (request.url === '/logout') session.destroy(() => reply.end());
      else reply.end(String((session.views = (session.views ?? 0) + 1)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { http: supertest(server), store, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function withFastifySession(): Promise<Site> {
  const { store, adapter } = newStore();
  const app = fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    store: adapter,
    secret: SECRET,
    cookie: { secure: false },
    saveUninitialized: false,
  });
  app.get('/login', async ({ session }) => {
    await session.regenerate();
    return '';
  });
  app.get('/logout', async ({ session }) => {
    await session.destroy();
    return '';
  });
  app.get('/', async ({ session }) => {
    const visit = session as Visit;
    return String((visit.views = (visit.views ?? 0) + 1));
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { http: supertest(app.server), store, close: () => app.close() };
}

describe.each([
  ['express-session', withExpressSession],
  ['@fastify/session', withFastifySession],
])('%s on the store adapter', (_name, start) => {
  let site: Site;
  beforeAll(async () => {
    site = await start();
  });
  afterAll(() => site.close());

  it('keeps a session from request to request', async () => {
    const first = await site.http.get('/').expect(200, '1');
    const cookie = cookieOf(first);
    await site.http.get('/').set(cookie).expect(200, '2');
    await site.http.get('/').set(cookie).expect(200, '3');
    await site.http.get('/').expect(200, '1');
  });

  it('gives a new session for an id that it did not make', async () => {
    const cookie = cookieOf(await site.http.get('/').expect(200, '1'));
    await site.store.revokeAll('everyone');
    const reply = await site.http.get('/').set(cookie).expect(200, '1');
    expect(cookieOf(reply)).not.toEqual(cookie);
  });

  it('ends a session on logout, and the old one on login', async () => {
    const anonymous = cookieOf(await site.http.get('/').expect(200, '1'));
    const login = await site.http.get('/login').set(anonymous).expect(200);
    await site.http.get('/').set(anonymous).expect(200, '1');
    const known = cookieOf(login.get('Set-Cookie') ? login : await site.http.get('/'));
    await site.http.get('/').set(known).expect(200);
    await site.http.get('/logout').set(known).expect(200);
    await site.http.get('/').set(known).expect(200, '1');
  });
});
