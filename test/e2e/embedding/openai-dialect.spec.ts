import { OpenAIEmbeddings } from '@langchain/openai';
import OpenAI from 'openai';
import { startApp, type TestApp } from '../../support/test-app.js';

let app: TestApp;
let openai: OpenAI;

beforeAll(async () => {
  app = await startApp({ EMBEDDING_MODEL_ALIASES: 'text-embedding-3-small=local' });
  openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => app.close());

/** The request of a client that is no SDK. */
function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe('the official client', () => {
  it('gets vectors that mean something, with its default settings', async () => {
    const { data, usage, model } = await openai.embeddings.create({
      model: 'local',
      input: ['The cat sat on the mat', 'A kitten rested on the rug', 'Quarterly revenue grew by ten percent'],
    });
    const [cat, kitten, revenue] = data.map(({ embedding }) => embedding);
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(cat).toHaveLength(512);
    expect(cosine(cat!, kitten!)).toBeGreaterThan(0.5);
    expect(cosine(cat!, revenue!)).toBeLessThan(0.3);
    expect(cosine(cat!, cat!)).toBeCloseTo(1, 5);
    expect({ model, total: usage.total_tokens === usage.prompt_tokens }).toEqual({ model: 'local', total: true });
  });

  it('gets the same bits from a hit as from the miss, in either encoding, and the same usage', async () => {
    const ask = (encoding_format?: 'float' | 'base64') =>
      openai.embeddings.create({
        model: 'local',
        input: 'bit for bit',
        ...(encoding_format ? { encoding_format } : {}),
      });
    const [miss, hit, floats, base64] = [await ask(), await ask(), await ask('float'), await ask('base64')];
    expect(hit).toEqual(miss);
    expect(floats).toEqual(miss);
    const bytes = Buffer.from(base64.data[0]!.embedding as unknown as string, 'base64');
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual(miss.data[0]!.embedding);
  });

  it('gets OpenAI’s own errors', async () => {
    await expect(openai.embeddings.create({ model: 'gpt-9', input: 'x' })).rejects.toMatchObject({
      constructor: OpenAI.NotFoundError,
      code: 'model_not_found',
      param: 'model',
      requestID: expect.stringMatching(/./),
    });
    await expect(openai.embeddings.create({ model: 'local', input: 'x', dimensions: 1024 })).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      param: 'dimensions',
    });
  });

  it('lists models and finds one by its alias', async () => {
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['local']);
    expect(await openai.models.retrieve('text-embedding-3-small')).toMatchObject({ id: 'local', owned_by: 'local' });
  });

  it('may go on using the name of another model', async () => {
    const { model, data } = await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'alias' });
    expect({ model, width: data[0]!.embedding.length }).toEqual({ model: 'local', width: 512 });
  });
});

describe('LangChain', () => {
  it('needs another base URL and nothing else', async () => {
    const embeddings = new OpenAIEmbeddings({
      apiKey: 'any',
      model: 'local',
      configuration: { baseURL: `${app.url}/v1` },
    });
    const [one, two] = await embeddings.embedDocuments(['first document', 'second document']);
    expect(await embeddings.embedQuery('first document')).toEqual(one);
    expect(two).toHaveLength(512);
  });
});

describe('a request', () => {
  it('without a model gets the default one', async () => {
    const answer = await post({ input: 'default' });
    expect(await answer.json()).toMatchObject({ model: 'local', object: 'list' });
  });

  it('is told which texts were cached', async () => {
    await post({ input: ['seen one', 'seen two'] });
    const answer = await post({ input: ['new', 'seen one', 'new', 'seen two', 'new'] });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-embed-cache': 'PARTIAL',
      'x-embed-hits': '2',
      'x-embed-misses': '1',
      'x-embed-deduplicated': '2',
      'x-embed-coalesced': '0',
      'cache-status': expect.stringMatching(/^Larder; fwd=partial; stored;/),
      age: expect.stringMatching(/^\d+$/),
    });
  });

  const BAD_BODIES: [string, unknown, object][] = [
    ['an empty text', { input: '' }, { param: 'input', message: expect.stringMatching(/^Invalid .*empty/) }],
    ['an empty array', { input: [] }, { param: 'input', message: expect.stringContaining('empty') }],
    [
      'an empty text among others',
      { input: ['a', ''] },
      { param: 'input', message: expect.stringContaining('input[1]') },
    ],
    ['2,049 texts', { input: Array(2_049).fill('x') }, { param: 'input', message: expect.stringContaining('2048') }],
    ['no input', {}, { param: 'input' }],
    ['a number', { input: 5 }, { param: 'input' }],
    ['an object among texts', { input: ['a', {}] }, { param: 'input' }],
    ['tokens', { input: [1, 2, 3] }, { param: 'input', message: expect.stringContaining('token arrays') }],
    ['lists of tokens', { input: [[1], [2]] }, { param: 'input', message: expect.stringContaining('token arrays') }],
    [
      'an unknown format',
      { input: 'a', encoding_format: 'hex' },
      { param: 'encoding_format', message: expect.stringContaining("Supported values: ['float','base64']") },
    ],
    ['a width that is no number', { input: 'a', dimensions: '512' }, { param: 'dimensions' }],
    ['a width beyond numbers', '{"input":"a","dimensions":1e999}', { param: 'dimensions' }],
    ['a width that is NaN', '{"input":"a","dimensions":NaN}', {}],
    ['a model that is no text', { input: 'a', model: 7 }, { param: 'model' }],
    ['a lone surrogate', '{"input":"\\ud800"}', { param: 'input', message: expect.stringContaining('surrogate') }],
    ['broken JSON', '{"input": ', {}],
    ['a list', [], { param: null }],
    ['nothing', '', {}],
  ];

  it.each(BAD_BODIES)('with %s is refused in OpenAI’s shape', async (_name, body, expected) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(await answer.json()).toEqual({
      error: { message: expect.any(String), type: 'invalid_request_error', param: null, code: null, ...expected },
    });
  });

  it('of 5 MB is refused in OpenAI’s shape', async () => {
    const answer = await post({ input: 'x'.repeat(5_000_000) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.any(String) },
    });
  });

  it('of 2 MB in many texts is none too large', async () => {
    const known = 'x'.repeat(1_000);
    const answer = await post({ input: Array(2_000).fill(known) });
    expect(answer.status).toBe(200);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'of type %s, as a form on any web page sends it, is told to be JSON',
    async (type) => {
      const answer = await post({ input: 'as a form' }, { 'content-type': type });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { type: 'invalid_request_error', message: expect.stringContaining('application/json') },
      });
    },
  );

  it('to a path that is not there is refused in OpenAI’s shape', async () => {
    const answer = await fetch(`${app.url}/v1/nothing`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('may carry unknown fields, but no prototype', async () => {
    expect((await post({ input: 'extra', user: 'u', temperature: 0 })).status).toBe(200);
    const answer = await post('{"input":"hostile","__proto__":{"isAdmin":true}}');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});
