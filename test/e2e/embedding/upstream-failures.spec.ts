import OpenAI from 'openai';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

let upstream: EmbeddingUpstream;
let app: TestApp;
let openai: OpenAI;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
  app = await startApp({ ...upstream.googleEnv, EMBEDDING_UPSTREAM_BUDGET: '4s', EMBEDDING_UPSTREAM_CONCURRENCY: '1' });
  openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: TEST_TOKEN, maxRetries: 0 });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await app.close();
  await upstream.stop();
});

const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
const embed = (input: string | string[]) => openai.embeddings.create({ model: 'gemini-embedding-2', input });

it('an upstream that fails for a moment is not noticed', async () => {
  await upstream.fail({ status: 503 }, { truncates: true });
  expect((await embed('moment')).data).toHaveLength(1);
});

it('a job that fails halfway pays for its first half once', async () => {
  // The third batch of a hundred meets an upstream that has had enough.
  await upstream.fail({}, {}, ...Array(20).fill({ status: 429, retryDelay: '0.3s' }));
  await expect(embed(texts('job', 300))).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  expect((await upstream.stats()).texts).toBe(200);

  await upstream.fail();
  const { data, response } = await embedWithResponse(texts('job', 300));
  expect(data.data).toHaveLength(300);
  expect(response.headers.get('x-embed-hits')).toBe('200');
  expect((await upstream.stats()).texts).toBe(300);
});

it('a text the upstream refuses is named, and the others of its batch are cached', async () => {
  const input = [...texts('good', 40), 'poison ☠', ...texts('fine', 30)];
  await expect(embed(input)).rejects.toMatchObject({
    status: 400,
    param: 'input',
    message: expect.stringContaining('text 40'),
  });
  await upstream.reset();
  const { response } = await embedWithResponse(input.filter((text) => !text.includes('☠')));
  expect(response.headers.get('x-embed-cache')).toBe('HIT');
  expect((await upstream.stats()).calls).toBe(0);
});

it('a batch that is refused whole is not taken apart text by text', async () => {
  await expect(embed(texts('all of them ☠', 100))).rejects.toMatchObject({ status: 400, param: 'input' });
  // One by one it would be 199.
  expect((await upstream.stats()).calls).toBeLessThan(40);
});

it('vectors that were paid for while a bad text was looked for are kept, though the search fails', async () => {
  const input = [...texts('before', 30), 'poison ☠', ...texts('after', 29)];
  // The whole batch is refused, its first half computed; then the upstream has had enough.
  await upstream.fail({}, {}, ...Array(20).fill({ status: 503 }));
  await expect(embed(input)).rejects.toMatchObject({ status: 503 });
  expect((await upstream.stats()).texts).toBe(30);
  await upstream.fail();
  const { response } = await embedWithResponse(texts('before', 30));
  expect(response.headers.get('x-embed-cache')).toBe('HIT');
});

it('a client is told when to come back and whether that helps', async () => {
  const busyApp = await startApp({ ...upstream.googleEnv, EMBEDDING_UPSTREAM_BUDGET: '1s' });
  const client = new OpenAI({ baseURL: `${busyApp.url}/v1`, apiKey: TEST_TOKEN, maxRetries: 0 });
  await upstream.fail({ status: 429, retryDelay: '60s' });
  for (const attempt of ['refused by the upstream', 'held back here']) {
    const busy = (await client.embeddings
      .create({ model: 'gemini-embedding-2', input: attempt })
      .catch((error: unknown) => error)) as InstanceType<typeof OpenAI.RateLimitError>;
    expect(busy).toBeInstanceOf(OpenAI.RateLimitError);
    expect(busy.headers.get('x-should-retry')).toBe('true');
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(50);
  }
  expect((await upstream.stats()).calls).toBe(1);
  await busyApp.close();
});

it('an upstream that is away is a 503 that says so, and cached texts are still answered', async () => {
  await embed('cached before');
  await upstream.fail(...Array(50).fill({ status: 500 }));
  await expect(embed('new')).rejects.toMatchObject({ status: 503, code: 'upstream_unavailable', type: 'server_error' });
  expect((await embed('cached before')).data).toHaveLength(1);
});

it('a quota of the day that is used up is not worth another try', async () => {
  await upstream.fail({ status: 429, quota: 'day', retryDelay: '1s' });
  const failure = (await openai.embeddings
    .create({ model: 'gemini-embedding-001', input: 'day' })
    .catch((error: unknown) => error)) as InstanceType<typeof OpenAI.RateLimitError>;
  expect(failure).toMatchObject({ status: 429, code: 'insufficient_quota' });
  expect(failure.headers.get('x-should-retry')).toBe('false');
});

it('a key the upstream refuses is our fault, not the caller’s', async () => {
  await upstream.configure({ key: 'rotated' });
  await expect(embed('whose key')).rejects.toMatchObject({ status: 502, code: 'upstream_refused' });
  await upstream.configure({ key: upstream.key });
});

async function embedWithResponse(input: string[]) {
  return openai.embeddings.create({ model: 'gemini-embedding-2', input }).withResponse();
}
