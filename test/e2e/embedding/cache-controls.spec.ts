import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

let upstream: EmbeddingUpstream;
let app: TestApp;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
  app = await startApp(upstream.googleEnv);
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await app.close();
  await upstream.stop();
});

async function embed(input: string | string[], headers: Record<string, string> = {}, more: object = {}) {
  const answer = await fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input, ...more }),
  });
  const body = (await answer.json()) as { data?: { embedding: number[] }[]; error?: object; usage?: object };
  return { status: answer.status, cache: answer.headers.get('x-embed-cache'), headers: answer.headers, body };
}

const paid = async () => (await upstream.stats()).texts;

it('no-cache computes anew and replaces the cached vector', async () => {
  await embed('anew');
  const anew = await embed('anew', { 'cache-control': 'no-cache' });
  expect(anew.cache).toBe('MISS');
  expect(anew.headers.get('cache-status')).toMatch(/^Larder; fwd=request; stored;/);
  expect((await embed('anew')).cache).toBe('HIT');
  expect(await paid()).toBe(2);
});

it('no-store uses cached vectors and stores none', async () => {
  const first = await embed('unkept', { 'cache-control': 'no-store' });
  expect(first.headers.get('cache-status')).not.toContain('stored');
  expect((await embed('unkept')).cache).toBe('MISS');
  expect((await embed('unkept', { 'cache-control': 'no-store' })).cache).toBe('HIT');
  expect(await paid()).toBe(2);
});

it('only-if-cached costs nothing: it hits or is a 504', async () => {
  const miss = await embed(['only', 'if'], { 'cache-control': 'only-if-cached' });
  expect(miss).toMatchObject({ status: 504, body: { error: { code: 'not_cached' } } });
  expect(miss.headers.get('x-should-retry')).toBe('false');
  await embed(['only', 'if']);
  expect(await embed(['only', 'if'], { 'cache-control': 'only-if-cached' })).toMatchObject({
    status: 200,
    cache: 'HIT',
  });
  expect(await paid()).toBe(2);
});

it('max-age takes nothing older', async () => {
  await embed('aged');
  expect((await embed('aged', { 'cache-control': 'max-age=3600' })).cache).toBe('HIT');
  expect((await embed('aged', { 'cache-control': 'max-age=0' })).cache).toBe('MISS');
});

it('max-age shares the computation of a missing vector with concurrent requests', async () => {
  await upstream.configure({ delayMs: 100 });
  const answers = await Promise.all([1, 2, 3].map(() => embed('shared anew', { 'cache-control': 'max-age=60' })));
  await upstream.configure({ delayMs: 0 });
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await paid()).toBe(1);
});

it('a namespace is a cache of its own', async () => {
  await embed('named');
  expect((await embed('named', { 'x-embed-namespace': 'a' })).cache).toBe('MISS');
  expect((await embed('named', { 'x-embed-namespace': 'a' })).cache).toBe('HIT');
  expect((await embed('named', { 'x-embed-namespace': 'b' })).cache).toBe('MISS');
});

it.each(['soon', '0', '-1', '366d', '1e400d', `${365 * 86_400 + 1}`, '9'.repeat(400), `${'9'.repeat(400)}w`])(
  'a ttl of %s is refused',
  async (ttl) => {
    expect(await embed('x', { 'x-embed-ttl': ttl })).toMatchObject({
      status: 400,
      body: { error: { param: 'x-embed-ttl' } },
    });
  },
);

it('a ttl of a year is taken', async () => {
  expect(await embed('kept', { 'x-embed-ttl': '365d' })).toMatchObject({ status: 200 });
});

it('an invalid namespace is refused', async () => {
  expect(await embed('x', { 'x-embed-namespace': 'a b' })).toMatchObject({ status: 400 });
});

it('usage is the same on miss and hit, and headers tell the billed tokens', async () => {
  const miss = await embed(['count these tokens', 'and these', 'and these']);
  const hit = await embed(['count these tokens', 'and these', 'and these']);
  expect(hit.body.usage).toEqual(miss.body.usage);
  const { prompt_tokens: total } = miss.body.usage as { prompt_tokens: number };
  const [billed, saved] = [miss, hit].map(({ headers }) => Number(headers.get('x-embed-tokens-billed')));
  expect(billed).toBeGreaterThan(0);
  expect(Number(miss.headers.get('x-embed-tokens-saved'))).toBe(total - billed!);
  expect(saved).toBe(0);
  expect(Number(hit.headers.get('x-embed-tokens-saved'))).toBe(total);
  expect(Number(hit.headers.get('x-embed-usd-saved'))).toBeCloseTo((total / 1e6) * 0.2, 8);
});

describe('one wide vector', () => {
  it('serves narrower ones where that is configured, as the model itself would', async () => {
    const cutting = await startApp({ ...upstream.googleEnv, EMBEDDING_TRUNCATION: 'true' });
    const ask = async (url: string, dimensions: number) => {
      const answer = await fetch(`${url}/v1/embeddings`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'nested', dimensions }),
      });
      return ((await answer.json()) as { data: { embedding: number[] }[] }).data[0]!.embedding;
    };
    const direct = { 768: await ask(app.url, 768), 1536: await ask(app.url, 1536) };
    await upstream.reset();
    for (const width of [768, 1536] as const) {
      const cut = await ask(cutting.url, width);
      expect(cut).toHaveLength(width);
      expect(Math.max(...cut.map((value, index) => Math.abs(value - direct[width][index]!)))).toBeLessThan(1e-6);
    }
    await ask(cutting.url, 3072);
    expect(await paid()).toBe(1);
    await cutting.close();
  });
});

describe.each(['f16', 'int8'])('the codec %s', (codec) => {
  it('answers a hit with the bits of the miss', async () => {
    const small = await startApp({ ...upstream.googleEnv, EMBEDDING_CODEC: codec });
    const ask = async () => {
      const answer = await fetch(`${small.url}/v1/embeddings`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'compact', encoding_format: 'base64' }),
      });
      return answer.text();
    };
    expect(await ask()).toBe(await ask());
    expect(await paid()).toBe(1);
    await small.close();
  });
});
