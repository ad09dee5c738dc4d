import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { StepCounter } from '../../support/step-counter.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

let upstream: EmbeddingUpstream;
let app: TestApp;
let client: Worker;
let counter: StepCounter;

beforeAll(async () => {
  // The value limit looks at each byte of a body, one piece of the body at a time. Other requests are served in between.
  counter = await StepCounter.start(['value-limit.stream.ts']);
  upstream = await EmbeddingUpstream.start();
  app = await startApp(upstream.googleEnv);
  client = new Worker(new URL('../../support/embedding-hostile-client.mjs', import.meta.url));
  // Code that is compiled or made on first use does not count.
  await send('/v1/embeddings', 'many items');
});
afterAll(async () => {
  counter.stop();
  await client.terminate();
  await app.close();
  await upstream.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send(path: string, body: string): Promise<Answer> {
  client.postMessage({ url: app.url, path, body, token: TEST_TOKEN });
  const [answer] = (await once(client, 'message')) as [Answer];
  return answer;
}

/** A refusal takes 2,000 to 20,000 steps. A few steps for each value of the body take hundreds of thousands. */
const MAX_STEPS_OF_REFUSAL = 50_000;
/** The largest texts take 100,000 steps. One step for each character takes four million. */
const MAX_STEPS_OF_LARGEST = 500_000;
const GOOGLE_BATCH = '/v1beta/models/gemini-embedding-2:batchEmbedContents';

describe('hostile input is refused in the caller’s dialect, without work for each of its values:', () => {
  it.each([
    ['/v1/embeddings', 'many items', 400],
    ['/v1/embeddings', 'many numbers', 400],
    ['/v1/embeddings', 'many lists', 400],
    ['/v1/embeddings', 'deep nesting', 400],
    ['/v1/embeddings', '64 MB', 413],
    ['/v1/embeddings', '64 MB in one text', 413],
    ['/v1/embeddings', '64 MB in one text, in chunks', 413],
    ['/v1/embeddings', 'lone surrogates', 400],
    ['/v1/embeddings', 'prototypes', 400],
    ['/v1/embeddings', 'NaN dimensions', 400],
    ['/v1/embeddings', 'huge dimensions', 400],
    ['/v1/embeddings', 'ten thousand keys', 400],
    [GOOGLE_BATCH, 'many wrong items', 400],
    [GOOGLE_BATCH, 'many items', 400],
    [GOOGLE_BATCH, '64 MB', 413],
    [GOOGLE_BATCH, 'prototypes', 400],
  ])('%s with %s', async (path, body, status) => {
    const { result: answer, steps } = await counter.count(() => send(path, body));
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> };
    expect(error).toMatchObject(
      path === GOOGLE_BATCH ? { code: status, status: 'INVALID_ARGUMENT' } : { type: 'invalid_request_error' },
    );
    expect(answer.text.length).toBeLessThan(2_000);
    expect(steps).toBeLessThan(MAX_STEPS_OF_REFUSAL);
  });

  it('none of it is sent upstream', async () => {
    expect((await upstream.stats()).calls).toBe(0);
  });
});

it('the largest texts that are accepted cost no work for each of their characters', async () => {
  const { result: answer, steps } = await counter.count(() => send('/v1/embeddings', 'the largest texts'));
  expect(answer.status).toBe(200);
  expect(steps).toBeLessThan(MAX_STEPS_OF_LARGEST);
});
