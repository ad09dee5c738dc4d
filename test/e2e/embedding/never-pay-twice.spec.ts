import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { RedisServer } from '../../support/redis-server.js';
import { redisUp } from '../../support/redis-up.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

const INSTANCES = 4;
const REQUESTS_EACH = 1_000;
const DISTINCT_TEXTS = 300;
/** At once, per instance. */
const CONNECTIONS = 250;

let upstream: EmbeddingUpstream;
let redis: RedisServer;
let apps: TestApp[];

beforeAll(async () => {
  // Slow enough for requests to overlap.
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start({ delayMs: 40 }), RedisServer.start()]);
  apps = await Promise.all(
    Array.from({ length: INSTANCES }, () => startApp({ ...upstream.googleEnv, REDIS_URL: redis.url })),
  );
  await Promise.all(apps.map(redisUp));
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await upstream.stop();
  await redis.stop();
});

/** Sums over the answers' headers. */
interface Totals {
  hits: number;
  misses: number;
  coalesced: number;
  deduplicated: number;
  billed: number;
}

async function ask(app: TestApp, input: readonly string[], totals: Totals): Promise<void> {
  const answer = await fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input, encoding_format: 'base64', dimensions: 128 }),
  });
  expect(answer.status).toBe(200);
  const { data } = (await answer.json()) as { data: { embedding: string }[] };
  for (const [index, { embedding }] of data.entries()) {
    const known = vectors.get(input[index]!);
    if (known === undefined) vectors.set(input[index]!, embedding);
    else if (known !== embedding) throw new Error(`two vectors for ${input[index]}`);
  }
  const count = (name: string) => Number(answer.headers.get(`x-embed-${name}`));
  totals.hits += count('hits');
  totals.misses += count('misses');
  totals.coalesced += count('coalesced');
  totals.deduplicated += count('deduplicated');
  totals.billed += count('tokens-billed');
}

const vectors = new Map<string, string>();

it(`${INSTANCES} instances under ${REQUESTS_EACH} concurrent requests each pay for every distinct text once`, async () => {
  const totals: Totals = { hits: 0, misses: 0, coalesced: 0, deduplicated: 0, billed: 0 };
  const requests = Array.from({ length: INSTANCES * REQUESTS_EACH }, (_, index) => ({
    app: apps[index % INSTANCES]!,
    // Overlapping batches, with a repetition in each.
    input: [0, 1, 7, 31, 0].map((step) => `text ${(index * 17 + step) % DISTINCT_TEXTS}`),
  }));
  const queue = requests.values();
  await Promise.all(
    Array.from({ length: INSTANCES * CONNECTIONS }, async () => {
      for (const { app, input } of queue) await ask(app, input, totals);
    }),
  );

  const stats = await upstream.stats();
  expect(Object.keys(stats.textCounts)).toHaveLength(DISTINCT_TEXTS);
  expect(stats.texts).toBe(DISTINCT_TEXTS);
  expect(totals.misses).toBe(DISTINCT_TEXTS);
  expect(totals.coalesced).toBeGreaterThan(0);
  expect(totals.deduplicated).toBe(requests.length);
  expect(totals.hits + totals.misses + totals.coalesced).toBe(requests.length * 4);
});
