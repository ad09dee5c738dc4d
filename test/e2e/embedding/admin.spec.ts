import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json as toJson } from 'node:stream/consumers';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { redisUp } from '../../support/redis-up.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

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

async function embed(input: string[], headers: Record<string, string> = {}, model?: string) {
  const answer = await fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input, model, encoding_format: 'base64' }),
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

it('purges a namespace of every model, and leaves the others', async () => {
  const ask = (namespace: string, model?: string) => embed(['a', 'b', 'c'], { 'x-embed-namespace': namespace }, model);
  for (const name of ['one', 'two']) for (const model of [undefined, 'gemini-embedding-001']) await ask(name, model);
  expect(await json('/purge', { namespace: 'one', isDryRun: true })).toEqual({ vectors: 6, status: 'dry-run' });
  expect(await json('/purge', { namespace: 'one', model: 'gemini-embedding-001', isDryRun: true })).toMatchObject({
    vectors: 3,
  });
  expect(await json('/lookup', { input: ['a'], namespace: 'one' })).toMatchObject({ texts: [{ isCached: true }] });
  expect(await json('/purge', { namespace: 'one' })).toMatchObject({ status: 'applied' });
  for (const model of [undefined, 'gemini-embedding-001']) {
    expect((await ask('one', model)).cache).toBe('MISS');
    expect((await ask('two', model)).cache).toBe('HIT');
  }
});

it('takes an empty purge for a mistake', async () => {
  await embed(['not to be lost']);
  for (const body of [{}, { isDryRun: true }, { dimensions: 768 }])
    expect((await admin('/purge', body)).status).toBe(400);
  expect((await embed(['not to be lost'])).cache).toBe('HIT');
});

it('purges a model that is no longer served', async () => {
  const [archived] = (await admin('/export')).text.split('\n');
  const line = { ...(JSON.parse(archived!) as object), path: 'shared/gemini-embedding-exp' };
  await json('/import', `${JSON.stringify(line)}\n`, 'application/x-ndjson');
  expect(await json('/purge', { model: 'gemini-embedding-exp', isDryRun: true })).toMatchObject({ vectors: 1 });
  expect(await json('/purge', { model: 'gemini-embedding-exp' })).toMatchObject({ status: 'applied' });
});

it('keeps the names that callers make up out of the metrics', async () => {
  await embed(['counted'], { 'x-embed-namespace': 'made-up-name' });
  const answer = await fetch(`${app.url}/metrics`, { headers: { authorization: `Bearer ${TEST_TOKEN}` } });
  const text = await answer.text();
  expect(text).toContain('cache="larder/embeddings/shared/gemini-embedding-2"');
  expect(text).not.toContain('made-up-name');
});

it('purges a model with its namespaces', async () => {
  await embed(['model wide']);
  await embed(['model wide'], { 'x-embed-namespace': 'deep' });
  expect(await json('/purge', { model: 'gemini-embedding-2' })).toMatchObject({ status: 'applied' });
  expect((await embed(['model wide'])).cache).toBe('MISS');
  expect((await embed(['model wide'], { 'x-embed-namespace': 'deep' })).cache).toBe('MISS');
});

it('exports cached vectors and imports them again, to the bit', async () => {
  const texts = Array.from({ length: 30 }, (_, index) => `moved ${index}`);
  const { vectors } = await embed(texts);
  const { text } = await admin('/export');
  expect(text).not.toContain('moved');

  await json('/purge', { model: 'gemini-embedding-2' });
  await upstream.reset();
  expect(await json('/import', `${text}not a vector\n`, 'application/x-ndjson')).toEqual({
    imported: text.trimEnd().split('\n').length,
    expired: 0,
    failed: 0,
    refusedLines: [text.trimEnd().split('\n').length + 1],
  });
  const after = await embed(texts);
  expect(after).toEqual({ cache: 'HIT', vectors });
  expect((await upstream.stats()).texts).toBe(0);
});

/** Changes the vector of an exported line. */
function withNumber(line: string, value: number): string {
  const exported = JSON.parse(line) as { vector: string };
  const bytes = Buffer.from(exported.vector, 'base64');
  bytes.writeFloatLE(value, 4);
  return JSON.stringify({ ...exported, vector: bytes.toString('base64') });
}

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'refuses a vector that has the number %s',
  async (value) => {
    await embed(['finite']);
    const [line] = (await admin('/export')).text.split('\n');
    const lines = `${withNumber(line!, 0.5)}\n${withNumber(line!, value)}\n`;
    expect(await json('/import', lines, 'application/x-ndjson')).toMatchObject({ imported: 1, refusedLines: [2] });
    await json('/purge', { model: 'gemini-embedding-2' });
  },
);

it('answers 413 to a line that is too long, before it has arrived whole, and goes on', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/x-ndjson' };
  const call = request(`${app.url}/admin/embeddings/import`, { method: 'POST', headers });
  call.write('first\n');
  // The line has no end, and the request none either until it is answered.
  for (let sent = 0; sent < 10; sent += 1) call.write('x'.repeat(100_000));
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(413);
  expect(await toJson(answer)).toMatchObject({ detail: expect.stringContaining('Line 2 is longer') });
  call.end();
  expect(await json('/import', 'next\n', 'application/x-ndjson')).toMatchObject({ imported: 0, refusedLines: [1] });
});

it('imports a vector for as long as it had left, into its namespace, and none whose time is over', async () => {
  await embed(['short-lived'], { 'x-embed-ttl': '1h', 'x-embed-namespace': 'moved' });
  const lines = (await admin('/export')).text.trimEnd().split('\n');
  const line = lines.find((one) => one.includes('"moved/'))!;
  await json('/purge', { namespace: 'moved' });
  const expired = JSON.stringify({ ...(JSON.parse(line) as object), expiresAt: '2026-01-01T00:00:00.000Z' });
  expect(await json('/import', `${expired}\n`, 'application/x-ndjson')).toMatchObject({ imported: 0, expired: 1 });
  expect(await json('/import', `${line}\n`, 'application/x-ndjson')).toMatchObject({ imported: 1, expired: 0 });
  const { texts } = (await json('/lookup', { input: ['short-lived'], namespace: 'moved' })) as {
    texts: { isCached: boolean; expiresInSeconds: number }[];
  };
  expect(texts[0]!.isCached).toBe(true);
  expect(texts[0]!.expiresInSeconds).toBeGreaterThan(3_000);
  expect(texts[0]!.expiresInSeconds).toBeLessThanOrEqual(3_600);
  expect(await json('/purge', { namespace: 'moved' })).toMatchObject({ status: 'applied' });
  expect((await embed(['short-lived'], { 'x-embed-namespace': 'moved' })).cache).toBe('MISS');
});

it('reports the tokens that were paid and saved', async () => {
  expect(await json('')).toMatchObject({
    'gemini-embedding-2': { hits: expect.any(Number), tokensBilled: expect.any(Number) },
  });
});
