import { systemClock } from '../../../src/common/clock.js';
import { embeddingConfig } from '../../../src/modules/embedding/embedding.config.js';
import { GoogleProvider } from '../../../src/modules/embedding/providers/google/google.provider.js';
import type { EmbeddingModel } from '../../../src/modules/embedding/providers/embedding.provider.js';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { FakeClock } from '../../support/fake-clock.js';

const signal = new AbortController().signal;
let upstream: EmbeddingUpstream;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
});
beforeEach(async () => {
  await upstream.reset();
  await upstream.configure({ delayMs: 0, key: upstream.key });
});
afterAll(() => upstream.stop());

function setUp(env: NodeJS.ProcessEnv = {}) {
  const clock = FakeClock.skippingWaits();
  const provider = new GoogleProvider(embeddingConfig.parse({ ...upstream.googleEnv, ...env }), upstream.key, clock);
  const model = (id: string): EmbeddingModel => provider.models.find((known) => known.id === id)!;
  const embed = (texts: readonly string[], id = 'gemini-embedding-2') =>
    provider.embed({ model: model(id), dimensions: 128, inputs: texts.map((text) => ({ parts: [text] })) }, signal);
  return { clock, provider, model, embed };
}

it('answers vectors in the order of the texts, with the tokens the upstream counted', async () => {
  const { embed } = setUp();
  const [one, two] = await embed(['one', 'two words more']);
  expect(one!.vector).toHaveLength(128);
  expect(one!.vector).not.toEqual(two!.vector);
  expect(one!.tokens + two!.tokens).toBe(2 + 4);
  expect((await embed(['two words more']))[0]!.vector).toEqual(two!.vector);
});

it('estimates tokens where the model does not count them', async () => {
  const { embed } = setUp();
  const [one] = await embed(['x'.repeat(40)], 'gemini-embedding-001');
  expect(one!.tokens).toBe(10);
});

describe('tries again', () => {
  it.each([
    ['a refusal for a minute’s quota', { status: 429, retryDelay: '37s' }],
    ['a refusal without details', { status: 429, quota: 'none' }],
    ['an internal error', { status: 500 }],
    ['an overload', { status: 503 }],
    ['a closed connection', { reset: true }],
    ['an answer cut short', { truncates: true }],
    ['an answer with a vector too few', { dropsOne: true }],
  ] as const)('after %s', async (_name, fault) => {
    const { embed, clock } = setUp();
    await upstream.fail(fault, fault);
    const [one] = await embed(['again']);
    expect(one!.vector).toHaveLength(128);
    expect((await upstream.stats()).calls).toBe(3);
    if ('retryDelay' in fault) expect(clock.nowMs()).toBeGreaterThanOrEqual(2 * 37_000);
  });

  it('after an answer that is too slow', async () => {
    const { embed } = setUp({ EMBEDDING_UPSTREAM_TIMEOUT: '200ms' });
    await upstream.fail({ delayMs: 2_000 });
    await expect(embed(['slow'])).resolves.toHaveLength(1);
  });
});

describe('gives up', () => {
  it('after three answers that are no use, each of which was paid for', async () => {
    await upstream.fail(...Array(9).fill({ dropsOne: true }));
    await expect(setUp().embed(['x', 'y'])).rejects.toMatchObject({ kind: 'upstream-unavailable' });
    expect((await upstream.stats()).calls).toBe(3);
  });

  it('when the budget is spent, and says when to come back', async () => {
    const { embed, clock } = setUp({ EMBEDDING_UPSTREAM_BUDGET: '90s' });
    await upstream.fail(...Array(9).fill({ status: 429, retryDelay: '40s' }));
    await expect(embed(['never'])).rejects.toMatchObject({ kind: 'rate-limited', retryAfterMs: 40_000 });
    expect((await upstream.stats()).calls).toBe(3);
    expect(clock.nowMs()).toBeLessThan(90_000);
  });

  it('at once when the quota of the day is used up, whatever RetryInfo says, until it is renewed', async () => {
    const { embed, clock } = setUp();
    await upstream.fail({ status: 429, quota: 'day', retryDelay: '45s' });
    await expect(embed(['too many'])).rejects.toMatchObject({ kind: 'quota-exhausted' });
    await expect(embed(['more'])).rejects.toMatchObject({ kind: 'quota-exhausted' });
    expect((await upstream.stats()).calls).toBe(1);
    await expect(embed(['other model'], 'gemini-embedding-001')).resolves.toHaveLength(1);
    clock.jump(24 * 3_600_000);
    await expect(embed(['tomorrow'])).resolves.toHaveLength(1);
  });

  it('at once when the key is refused', async () => {
    await upstream.configure({ key: 'another' });
    await expect(setUp().embed(['x'])).rejects.toMatchObject({ kind: 'upstream-refused-us' });
    expect((await upstream.stats()).calls).toBe(1);
  });

  it('at once when the model is unknown there, and names the remedy', async () => {
    const { embed } = setUp({ GEMINI_MODELS: 'gemini-embedding-0:128-768' });
    await expect(embed(['x'], 'gemini-embedding-0')).rejects.toThrow(/does not know this model/);
  });

  it('rather than follow a redirect with the key', async () => {
    const elsewhere = await EmbeddingUpstream.start();
    await upstream.fail({ redirectTo: `${elsewhere.url}/v1beta/models/gemini-embedding-2:batchEmbedContents` });
    await expect(setUp().embed(['x'])).rejects.toMatchObject({ kind: 'upstream-refused-us' });
    expect((await elsewhere.stats()).calls).toBe(0);
    await elsewhere.stop();
  });
});

it('holds all calls back after a refusal for a minute’s quota', async () => {
  const { embed, clock } = setUp();
  await upstream.fail({ status: 429, retryDelay: '30s' });
  await embed(['first']);
  expect(clock.nowMs()).toBeGreaterThanOrEqual(30_000);
});

it('stays within the texts of a minute', async () => {
  const { embed, clock } = setUp({ EMBEDDING_UPSTREAM_TEXTS_PER_MINUTE: '100' });
  await embed(Array.from({ length: 60 }, (_, index) => `a ${index}`));
  await embed(Array.from({ length: 60 }, (_, index) => `b ${index}`));
  expect(clock.nowMs()).toBe(60_000);
});

it('makes no more calls at once than configured, over all callers', async () => {
  await upstream.configure({ delayMs: 30 });
  const provider = new GoogleProvider(
    embeddingConfig.parse({ ...upstream.googleEnv, EMBEDDING_UPSTREAM_CONCURRENCY: '3' }),
    upstream.key,
    systemClock,
  );
  const [model] = provider.models;
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      provider.embed({ model: model!, dimensions: 128, inputs: [{ parts: [`at once ${index}`] }] }, signal),
    ),
  );
  expect(await upstream.stats()).toMatchObject({ calls: 12, mostAtOnce: 3 });
});
