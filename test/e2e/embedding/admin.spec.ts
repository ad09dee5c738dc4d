import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { redisUp } from '../../support/redis-up.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const ADMIN_TOKEN = 'an-operator-token-of-some-length';

let upstream: EmbeddingUpstream;
let redis: RedisServer;
let app: TestApp;

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisServer.start()]);
  app = await startApp({ ...upstream.googleEnv, REDIS_URL: redis.url, ADMIN_TOKEN });
  await redisUp(app);
});
afterAll(async () => {
  await app.close();
  await upstream.stop();
  await redis.stop();
});

async function embed(input: string[], headers: Record<string, string> = {}, { url } = app) {
  const answer = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input, encoding_format: 'base64' }),
  });
  const { data } = (await answer.json()) as { data: { embedding: string }[] };
  return { cache: answer.headers.get('x-embed-cache'), vectors: data.map(({ embedding }) => embedding) };
}

async function admin(path: string, body?: object | string, type = 'application/json') {
  const answer = await fetch(`${app.url}/admin/embeddings${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const json = async (...args: Parameters<typeof admin>) => JSON.parse((await admin(...args)).text) as unknown;

it('takes the operator’s token and nothing else', async () => {
  const answer = await fetch(`${app.url}/admin/embeddings/purge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(answer.status).toBe(401);
});

it('tells whether a text is cached, how old and how big', async () => {
  await embed(['known text']);
  expect(await json('/lookup', { input: ['known text', 'unknown text'] })).toEqual({
    texts: [
      {
        isCached: true,
        key: expect.stringMatching(/^v1:768:/),
        tier: expect.stringMatching(/^(memory|redis)$/),
        ageSeconds: expect.any(Number),
        expiresInSeconds: expect.any(Number),
        sizeBytes: expect.any(Number),
        tokens: 3,
      },
      { isCached: false, key: expect.stringMatching(/^v1:768:/) },
    ],
  });
});

it('purges texts, and only counts them in a dry run', async () => {
  await embed(['goes', 'stays']);
  expect(await json('/purge', { input: ['goes', 'never was'], isDryRun: true })).toEqual({
    vectors: 1,
    status: 'dry-run',
  });
  expect((await embed(['goes'])).cache).toBe('HIT');
  expect(await json('/purge', { input: ['goes', 'never was'] })).toEqual({ vectors: 1, status: 'applied' });
  expect((await embed(['goes'])).cache).toBe('MISS');
  expect((await embed(['stays'])).cache).toBe('HIT');
});

it('purges a namespace, and leaves the others', async () => {
  for (const name of ['one', 'two']) await embed(['a', 'b', 'c'], { 'x-embed-namespace': name });
  expect(await json('/purge', { namespace: 'one', isDryRun: true })).toEqual({ vectors: 3, status: 'dry-run' });
  expect(await json('/purge', { namespace: 'one' })).toMatchObject({ status: 'applied' });
  expect((await embed(['a'], { 'x-embed-namespace': 'one' })).cache).toBe('MISS');
  expect((await embed(['a'], { 'x-embed-namespace': 'two' })).cache).toBe('HIT');
});

it('purges a model with its namespaces', async () => {
  await embed(['model wide']);
  await embed(['model wide'], { 'x-embed-namespace': 'deep' });
  expect(await json('/purge', { model: 'gemini-embedding-2' })).toMatchObject({ status: 'applied' });
  expect((await embed(['model wide'])).cache).toBe('MISS');
  expect((await embed(['model wide'], { 'x-embed-namespace': 'deep' })).cache).toBe('MISS');
});

it('exports what is cached and imports it again, to the bit', async () => {
  const texts = Array.from({ length: 30 }, (_, index) => `moved ${index}`);
  const { vectors } = await embed(texts);
  const { text } = await admin('/export');
  expect(text).not.toContain('moved');

  await json('/purge', { model: 'gemini-embedding-2' });
  await upstream.reset();
  expect(await json('/import', `${text}not a vector\n`, 'application/x-ndjson')).toEqual({
    imported: expect.any(Number),
    refusedLines: [text.trimEnd().split('\n').length + 1],
  });
  const after = await embed(texts);
  expect(after).toEqual({ cache: 'HIT', vectors });
  expect((await upstream.stats()).texts).toBe(0);
});

it('says what was paid and saved', async () => {
  expect(await json('')).toMatchObject({
    'gemini-embedding-2': { hits: expect.any(Number), tokensBilled: expect.any(Number) },
  });
});
