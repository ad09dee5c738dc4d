import { createHash } from 'node:crypto';
import { request } from 'node:http';
import OpenAI from 'openai';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { redisUp } from '../../support/redis-up.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');
const KEYS = [
  `free=${digest('free-key')}`,
  `slow=${digest('slow-key')};rpm=3`,
  `capped=${digest('capped-key')};texts-per-day=5`,
  `unlucky=${digest('unlucky-key')};texts-per-day=5`,
  `private=${digest('private-key')};cache=isolated`,
].join(',');

let upstream: EmbeddingUpstream;
let redis: RedisServer;
let apps: TestApp[];

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisServer.start()]);
  const env = { ...upstream.googleEnv, REDIS_URL: redis.url, EMBEDDING_API_KEYS: KEYS };
  apps = await Promise.all([startApp(env), startApp(env)]);
  await Promise.all(apps.map(redisUp));
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await upstream.stop();
  await redis.stop();
});

const client = (apiKey: string, app = apps[0]!) => new OpenAI({ baseURL: `${app.url}/v1`, apiKey, maxRetries: 0 });
const embed = (apiKey: string, input: string | string[], app = apps[0]!) =>
  client(apiKey, app).embeddings.create({ model: 'gemini-embedding-2', input }).withResponse();

describe('with API keys', () => {
  it.each([
    ['a wrong key', 'wrong-key'],
    ['the digest instead of the key', digest('free-key')],
  ])('%s is refused as OpenAI does', async (_name, key) => {
    await expect(embed(key, 'x')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  });

  it('a request without a key is refused in the dialect of its client', async () => {
    const [openai, google] = await Promise.all(
      ['/v1/embeddings', '/v1beta/models/gemini-embedding-2:embedContent'].map((path) =>
        fetch(`${apps[0]!.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        }),
      ),
    );
    expect(openai!.status).toBe(401);
    expect(await google!.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
  });

  it.each([
    ['x-goog-api-key', '', { 'x-goog-api-key': 'free-key' }],
    ['?key=', '?key=free-key', {}],
  ])('a key may come as %s', async (_name, query, headers) => {
    const answer = await fetch(`${apps[0]!.url}/v1beta/models${query}`, { headers: headers as Record<string, string> });
    expect(answer.status).toBe(200);
  });

  it('requests per minute are counted over all instances', async () => {
    const outcomes: number[] = [];
    for (const index of [0, 1, 2, 3, 4]) {
      const answer = await fetch(`${apps[index % 2]!.url}/v1/models`, {
        headers: { authorization: 'Bearer slow-key' },
      });
      outcomes.push(answer.status);
      if (answer.status !== 429) continue;
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } });
    }
    expect(outcomes).toEqual([200, 200, 200, 429, 429]);
  });

  it('texts per day count texts that are not cached, over all instances', async () => {
    await embed('capped-key', ['a', 'b', 'c']);
    await embed('capped-key', ['a', 'b', 'c'], apps[1]);
    await expect(embed('capped-key', ['d', 'e', 'f'], apps[1])).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
    });
    await embed('capped-key', ['a', 'd', 'e'], apps[1]);
    await expect(embed('capped-key', 'g')).rejects.toMatchObject({ code: 'insufficient_quota' });
    expect((await embed('capped-key', ['a', 'b', 'c', 'd', 'e'])).data.data).toHaveLength(5);
  });

  it('texts per day do not count texts that failed or that another request computed meanwhile', async () => {
    await upstream.configure({ key: 'rotated' });
    await expect(embed('unlucky-key', ['u1', 'u2', 'u3'])).rejects.toMatchObject({ status: 502 });
    await upstream.configure({ key: upstream.key, delayMs: 300 });
    const { calls } = await upstream.stats();
    const first = embed('free-key', 'shared meanwhile');
    await eventually(async () => expect((await upstream.stats()).calls).toBe(calls + 1));
    const { response } = await embed('unlucky-key', 'shared meanwhile', apps[1]);
    expect(response.headers.get('x-embed-coalesced')).toBe('1');
    await first;
    await upstream.configure({ delayMs: 0 });
    expect((await embed('unlucky-key', ['u1', 'u2', 'u3', 'u4', 'u5'])).data.data).toHaveLength(5);
    await expect(embed('unlucky-key', 'u6')).rejects.toMatchObject({ code: 'insufficient_quota' });
  });

  it('an isolated tenant neither sees nor feeds the cache of the others', async () => {
    const cacheOf = async (key: string) => (await embed(key, 'isolated text')).response.headers.get('x-embed-cache');
    expect(await cacheOf('private-key')).toBe('MISS');
    expect(await cacheOf('free-key')).toBe('MISS');
    expect(await cacheOf('private-key')).toBe('HIT');
    expect(await cacheOf('free-key')).toBe('HIT');
  });

  it('limits go on locally while Redis is away', async () => {
    await redis.kill();
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) {
      statuses.push(
        (await fetch(`${apps[0]!.url}/v1/models`, { headers: { authorization: 'Bearer slow-key' } })).status,
      );
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});

/** `fetch` does not let the Host header be set. */
function statusWith(app: TestApp, headers: Record<string, string>, path = '/v1/models'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${app.url}${path}`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    })
      .on('error', reject)
      .end();
  });
}

describe('without API keys', () => {
  describe.each([
    ['with an upstream', () => upstream.googleEnv],
    ['on a listener that other machines reach', () => ({ HOST: '0.0.0.0' })],
  ])('%s', (_name, env) => {
    let paid: TestApp;
    beforeAll(async () => {
      paid = await startApp(env());
    });
    afterAll(() => paid.close());

    it.each([
      ['without a key', {}, 401],
      ['with another key', { authorization: 'Bearer anything' }, 401],
      ['with the token of the service as OpenAI’s clients send a key', { authorization: `Bearer ${TEST_TOKEN}` }, 200],
      ['with the token of the service as Google’s clients send a key', { 'x-goog-api-key': TEST_TOKEN }, 200],
    ])('a client %s gets %s %i', async (_client, headers, status) => {
      expect(await statusWith(paid, headers as Record<string, string>)).toBe(status);
    });
  });

  describe('with the local model alone, on a loopback listener', () => {
    let free: TestApp;
    beforeAll(async () => {
      free = await startApp();
    });
    afterAll(() => free.close());

    it('callers on this machine are served, whatever key they send', async () => {
      expect(await statusWith(free, {})).toBe(200);
      expect(await statusWith(free, { authorization: 'Bearer anything' })).toBe(200);
    });

    it.each([
      ['came through a proxy that says so', { 'x-forwarded-for': '203.0.113.7' }],
      ['names another host, as a page that rebinds its name does', { host: 'evil.example' }],
      ['a page of another site sent', { 'sec-fetch-site': 'cross-site' }],
      ['a page of another port sent', { 'sec-fetch-site': 'same-site' }],
      ['a page of another origin sent from an old browser', { origin: 'https://evil.example' }],
    ])('a request that %s needs the token', async (_name, headers) => {
      for (const path of ['/v1/models', '/documents/search?q=x'])
        expect(await statusWith(free, headers as Record<string, string>, path)).toBe(401);
      const own = { ...headers, authorization: `Bearer ${TEST_TOKEN}` } as Record<string, string>;
      expect(await statusWith(free, own)).toBe(200);
    });
  });
});

describe('wrong API keys', () => {
  it('are answered with 429 after ten in a minute, while right ones go on', async () => {
    const app = await startApp({ EMBEDDING_API_KEYS: KEYS });
    const statusOf = (key: string) => statusWith(app, { authorization: `Bearer ${key}` });
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) statuses.push(await statusOf(`wrong-${index}`));
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    await expect(embed('wrong', 'x', app)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(await statusOf('free-key')).toBe(200);
    // Another door.
    expect(await statusWith(app, { authorization: 'Bearer wrong' }, '/metrics')).toBe(401);
    await app.close();
  });
});
