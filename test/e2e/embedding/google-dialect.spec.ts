import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

let upstream: EmbeddingUpstream;
let app: TestApp;
let gateway: GoogleGenAI;
let direct: GoogleGenAI;

/** The client looks for undici's dispatcher among the globals, and jest's sandbox has globals of its own. */
const plainFetch: typeof fetch = (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit);

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
  app = await startApp(upstream.googleEnv);
  gateway = new GoogleGenAI({ apiKey: TEST_TOKEN, httpOptions: { baseUrl: app.url, fetch: plainFetch } });
  direct = new GoogleGenAI({ apiKey: upstream.key, httpOptions: { baseUrl: upstream.url, fetch: plainFetch } });
});
beforeEach(() => upstream.reset());
afterAll(async () => {
  await app.close();
  await upstream.stop();
});

const contents = (...texts: string[]) => texts.map((text) => ({ parts: [{ text }] }));

describe('Google’s client', () => {
  it.each([
    ['gemini-embedding-2', { outputDimensionality: 768 }],
    ['gemini-embedding-2', {}],
    ['gemini-embedding-001', { taskType: 'RETRIEVAL_DOCUMENT', title: 'Title' }],
  ])('gets the same answer from the gateway as from %s directly, with %j', async (model, config) => {
    const request = () => ({ model, contents: contents('alpha', 'beta', 'alpha'), config });
    const [cached, original] = [
      await gateway.models.embedContent(request()),
      await direct.models.embedContent(request()),
    ];
    const widths = cached.embeddings!.map(({ values }) => values!.length);
    expect(widths).toEqual(original.embeddings!.map(({ values }) => values!.length));
    for (const [index, { values }] of cached.embeddings!.entries()) {
      const expected = original.embeddings![index]!.values!;
      expect(Math.max(...values!.map((value, at) => Math.abs(value - expected[at]!)))).toBeLessThan(1e-6);
    }
  });

  it('gets a hit that equals the miss bit for bit, and costs nothing', async () => {
    const ask = () =>
      gateway.models.embedContent({
        model: 'gemini-embedding-2',
        contents: contents('once'),
        config: { outputDimensionality: 256 },
      });
    const miss = await ask();
    const hit = await ask();
    expect(hit.embeddings).toEqual(miss.embeddings);
    expect((await upstream.stats()).texts).toBe(1);
  });

  it('gets one merged vector for a list of strings, as the model itself answers', async () => {
    const request = () => ({
      model: 'gemini-embedding-2',
      contents: ['one', 'two'],
      config: { outputDimensionality: 128 },
    });
    const [cached, original] = [
      await gateway.models.embedContent(request()),
      await direct.models.embedContent(request()),
    ];
    expect(cached.embeddings).toHaveLength(1);
    expect(cached.embeddings![0]!.values).toEqual(original.embeddings![0]!.values!.map(Math.fround));
  });

  it('counts tokens, asking upstream once', async () => {
    const ask = () =>
      gateway.models.countTokens({ model: 'gemini-embedding-2', contents: 'how many tokens are these' });
    expect((await ask()).totalTokens).toBe(6);
    expect((await ask()).totalTokens).toBe(6);
    expect((await upstream.stats()).calls).toBe(1);
  });

  it('lists models', async () => {
    const names: (string | undefined)[] = [];
    for await (const { name } of await gateway.models.list()) names.push(name);
    expect(names).toEqual(['models/gemini-embedding-2', 'models/local', 'models/gemini-embedding-001']);
    expect(await gateway.models.get({ model: 'gemini-embedding-2' })).toMatchObject({ inputTokenLimit: 8_192 });
  });

  it('gets Google’s own errors', async () => {
    const failure = await gateway.models
      .embedContent({ model: 'nothing', contents: 'x' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).status).toBe(404);
    expect(JSON.parse((failure as ApiError).message)).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
  });
});

describe('both dialects', () => {
  it('share cached vectors, to the bit', async () => {
    const openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: TEST_TOKEN, maxRetries: 0 });
    const google = await gateway.models.embedContent({
      model: 'gemini-embedding-2',
      contents: contents('shared'),
      config: { outputDimensionality: 768 },
    });
    const { data } = await openai.embeddings.create({ model: 'gemini-embedding-2', input: 'shared' });
    expect(data[0]!.embedding).toEqual(google.embeddings![0]!.values);
    expect((await upstream.stats()).texts).toBe(1);
  });
});

describe('a task', () => {
  it('is put into the text for gemini-embedding-2, which ignores the parameter', async () => {
    await gateway.models.embedContent({
      model: 'gemini-embedding-2',
      contents: contents('q'),
      config: { taskType: 'RETRIEVAL_QUERY' },
    });
    await gateway.models.embedContent({
      model: 'gemini-embedding-2',
      contents: contents('d'),
      config: { taskType: 'RETRIEVAL_DOCUMENT', title: 'T' },
    });
    expect(Object.keys((await upstream.stats()).textCounts)).toEqual([
      'task: search result | query: q',
      'title: T | text: d',
    ]);
  });

  it('is sent as it is to gemini-embedding-001, and makes another vector', async () => {
    const ask = (taskType: string) =>
      gateway.models.embedContent({ model: 'gemini-embedding-001', contents: contents('t'), config: { taskType } });
    const [query, document] = [await ask('RETRIEVAL_QUERY'), await ask('RETRIEVAL_DOCUMENT')];
    expect(query.embeddings).not.toEqual(document.embeddings);
    expect((await upstream.stats()).bodies).toMatchObject([
      { requests: [{ taskType: 'RETRIEVAL_QUERY' }] },
      { requests: [{ taskType: 'RETRIEVAL_DOCUMENT' }] },
    ]);
  });
});

describe('a vector', () => {
  it('of gemini-embedding-001 has length 1 at every width, though the model does not see to it', async () => {
    const ask = (client: GoogleGenAI) =>
      client.models.embedContent({
        model: 'gemini-embedding-001',
        contents: contents('norm'),
        config: { outputDimensionality: 256 },
      });
    const lengthOf = ({ embeddings }: Awaited<ReturnType<typeof ask>>) => Math.hypot(...embeddings![0]!.values!);
    expect(lengthOf(await ask(direct))).not.toBeCloseTo(1, 2);
    expect(lengthOf(await ask(gateway))).toBeCloseTo(1, 6);
  });
});

describe('a request', () => {
  const call = (path: string, body: unknown) =>
    fetch(`${app.url}/v1beta/models/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const item = (text: unknown, more: object = {}) => ({
    model: 'models/gemini-embedding-2',
    content: { parts: [{ text }] },
    ...more,
  });

  it('for one content is answered with one embedding', async () => {
    const answer = await call('gemini-embedding-2:embedContent', item('single', { outputDimensionality: 128 }));
    expect(answer.status).toBe(200);
    const { embedding, usageMetadata } = (await answer.json()) as {
      embedding: { values: number[] };
      usageMetadata: object;
    };
    expect(embedding.values).toHaveLength(128);
    expect(usageMetadata).toMatchObject({ promptTokenCount: 2 });
  });

  it.each([
    ['no requests', 'gemini-embedding-2:batchEmbedContents', { requests: [] }],
    ['101 requests', 'gemini-embedding-2:batchEmbedContents', { requests: Array(101).fill(item('x')) }],
    ['an empty text', 'gemini-embedding-2:batchEmbedContents', { requests: [item('')] }],
    ['an image', 'gemini-embedding-2:embedContent', { content: { parts: [{ inlineData: {} }] } }],
    ['another model than the path’s', 'gemini-embedding-2:embedContent', item('x', { model: 'models/other' })],
    [
      'two widths',
      'gemini-embedding-2:batchEmbedContents',
      { requests: [item('x', { outputDimensionality: 128 }), item('y', { outputDimensionality: 256 })] },
    ],
    ['a width the model has not', 'gemini-embedding-2:embedContent', item('x', { outputDimensionality: 5_000 })],
    ['an unknown task', 'gemini-embedding-2:embedContent', item('x', { taskType: 'GUESSING' })],
    ['a lone surrogate', 'gemini-embedding-2:embedContent', '{"content":{"parts":[{"text":"\\udc00"}]}}'],
    ['broken JSON', 'gemini-embedding-2:embedContent', '{'],
  ])('with %s is refused in Google’s shape', async (_name, path, body) => {
    const answer = await call(path, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.any(String) },
    });
    expect((await upstream.stats()).calls).toBe(0);
  });

  it('of 5 MB is refused in Google’s shape', async () => {
    const answer = await call('gemini-embedding-2:embedContent', item('x'.repeat(5_000_000)));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: 413 } });
  });

  it('for something else is not found, in Google’s shape', async () => {
    expect(await (await call('gemini-embedding-2:generateContent', {})).json()).toMatchObject({
      error: { code: 404, status: 'NOT_FOUND' },
    });
  });
});
