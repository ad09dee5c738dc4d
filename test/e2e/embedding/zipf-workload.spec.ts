import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';
import { SEED, seededRandom } from '../../support/seeded-random.js';

const VOCABULARY = 1_000;
const REQUESTS = 400;
const TEXTS_PER_REQUEST = 10;

let upstream: EmbeddingUpstream;
let app: TestApp;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
  app = await startApp(upstream.googleEnv);
});
afterAll(async () => {
  await app.close();
  await upstream.stop();
});

/** Ranks with the frequencies of Zipf's law with exponent 1, as searches and support questions have; always the same ones. */
function zipf(size: number): () => number {
  const cumulative: number[] = [];
  for (let rank = 1, sum = 0; rank <= size; rank++) cumulative.push((sum += 1 / rank));
  const random = seededRandom(SEED);
  return () => {
    const point = random() * cumulative.at(-1)!;
    return cumulative.findIndex((sum) => sum >= point);
  };
}

it('more than 80 % of the texts of a stream as people write them cost nothing', async () => {
  const next = zipf(VOCABULARY);
  const seen = new Set<string>();
  let hits = 0;
  let asked = 0;
  for (let request = 0; request < REQUESTS; request++) {
    const input = Array.from({ length: TEXTS_PER_REQUEST }, () => `question ${next()}`);
    for (const text of input) seen.add(text);
    const answer = await fetch(`${app.url}/v1/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input, dimensions: 128, encoding_format: 'base64' }),
    });
    await answer.arrayBuffer();
    hits += Number(answer.headers.get('x-embed-hits')) + Number(answer.headers.get('x-embed-deduplicated'));
    asked += input.length;
  }
  const rate = hits / asked;
  process.stdout.write(`Zipf workload: ${asked} texts, ${seen.size} distinct, hit rate ${(rate * 100).toFixed(1)} %\n`);
  expect(rate).toBeGreaterThan(0.8);
  expect((await upstream.stats()).texts).toBe(seen.size);
});
