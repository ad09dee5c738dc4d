import { embeddingConfig } from '../../../src/modules/embedding/embedding.config.js';
import { createOpenAiProvider } from '../../../src/modules/embedding/providers/openai/openai.provider.js';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { FakeClock } from '../../support/fake-clock.js';

const signal = new AbortController().signal;
let upstream: EmbeddingUpstream;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
});
beforeEach(async () => {
  await upstream.reset();
  await upstream.configure({ isBase64Known: true });
});
afterAll(() => upstream.stop());

function setUp(env: NodeJS.ProcessEnv = {}) {
  const clock = FakeClock.skippingWaits();
  const provider = createOpenAiProvider(embeddingConfig.parse({ ...upstream.openAiEnv, ...env }), clock, null)!;
  const embed = (texts: readonly string[], dimensions?: number) => {
    const [model] = provider.models;
    return provider.embed(
      {
        model: model!,
        dimensions: dimensions ?? model!.dimensions.default,
        inputs: texts.map((text) => ({ parts: [text] })),
      },
      signal,
    );
  };
  return { clock, provider, embed };
}

it('answers vectors in the order of the texts, whatever order they came in', async () => {
  const { embed } = setUp();
  const [one, two] = await embed(['one', 'two']);
  expect((await embed(['two']))[0]!.vector).toEqual(two!.vector);
  expect((await embed(['one']))[0]!.vector).toEqual(one!.vector);
  expect(one!.vector).toHaveLength(1536);
  expect(one!.tokens + two!.tokens).toBe(4);
});

it('gets the same bits from a server that knows base64 and from one that does not', async () => {
  const { embed } = setUp();
  const [binary] = await embed(['same']);
  await upstream.configure({ isBase64Known: false });
  expect((await embed(['same']))[0]!.vector).toEqual(binary!.vector);
});

it('asks for a width only where the model has a choice', async () => {
  await setUp().embed(['narrow'], 256);
  await setUp({ OPENAI_MODELS: 'bge-small:384' }).embed(['fixed']);
  const [narrow, fixed] = (await upstream.stats()).bodies;
  expect(narrow).toMatchObject({ dimensions: 256 });
  expect(fixed).not.toHaveProperty('dimensions');
});

it('waits as long as retry-after-ms says', async () => {
  const { embed, clock } = setUp();
  await upstream.fail({ status: 429, retryDelay: '20s' });
  await expect(embed(['again'])).resolves.toHaveLength(1);
  expect(clock.nowMs()).toBeGreaterThanOrEqual(20_000);
});

it('does not try again when the account has no quota', async () => {
  await upstream.fail({ status: 429, quota: 'day' });
  await expect(setUp().embed(['x'])).rejects.toMatchObject({ kind: 'quota-exhausted' });
  expect((await upstream.stats()).calls).toBe(1);
});

it('says at once that a model has another width than it is configured for', async () => {
  await expect(setUp({ OPENAI_MODELS: 'bge-small:512' }).embed(['x'])).rejects.toMatchObject({
    kind: 'upstream-refused-us',
    message: expect.stringContaining('answers 384 dimensions, not 512'),
  });
  expect((await upstream.stats()).calls).toBe(1);
});

it('is there with a key or a base URL, and not without', () => {
  const create = (env: NodeJS.ProcessEnv) =>
    createOpenAiProvider(embeddingConfig.parse(env), FakeClock.skippingWaits(), null);
  expect(create({})).toBeUndefined();
  expect(create({ OPENAI_API_KEY: 'k' })?.origin).toBe('https://api.openai.com/v1');
  expect(create({ OPENAI_BASE_URL: 'http://tei:80/v1/' })?.origin).toBe('http://tei:80/v1');
});
