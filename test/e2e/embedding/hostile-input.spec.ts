import { jest } from '@jest/globals';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { startApp, type TestApp } from '../../support/test-app.js';

jest.setTimeout(30_000);

let upstream: EmbeddingUpstream;
let app: TestApp;
let client: Worker;

beforeAll(async () => {
  upstream = await EmbeddingUpstream.start();
  app = await startApp(upstream.googleEnv);
  client = new Worker(new URL('../../support/embedding-hostile-client.mjs', import.meta.url));
  // What is compiled on first use is not what is measured.
  await send('/v1/embeddings', 'many items');
});
afterAll(async () => {
  await client.terminate();
  await app.close();
  await upstream.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send(path: string, body: string): Promise<Answer> {
  client.postMessage({ url: app.url, path, body });
  const [answer] = (await once(client, 'message')) as [Answer];
  return answer;
}

/**
 * The answer, and how long nobody else was served at most, in milliseconds: no longer than the event loop was late, and no
 * longer than this thread computed, which on a busy machine is less. What others compute does not come three times.
 */
async function sendAndMeasure(path: string, body: string): Promise<{ answer: Answer; stallMs: number }> {
  let stallMs = Number.POSITIVE_INFINITY;
  for (let attempt = 1; ; attempt++) {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const cpuBefore = process.threadCpuUsage();
    delay.enable();
    const answer = await send(path, body);
    delay.disable();
    const { user, system } = process.threadCpuUsage(cpuBefore);
    stallMs = Math.min(stallMs, delay.max / 1e6, (user + system) / 1e3);
    if (stallMs < MAX_STALL_MS || attempt === 3) return { answer, stallMs };
  }
}

const MAX_STALL_MS = 100;
const GOOGLE_BATCH = '/v1beta/models/gemini-embedding-2:batchEmbedContents';

describe('hostile input is refused in the caller’s dialect, and nobody else waits for it:', () => {
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
    const { answer, stallMs } = await sendAndMeasure(path, body);
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> };
    expect(error).toMatchObject(
      path === GOOGLE_BATCH ? { code: status, status: 'INVALID_ARGUMENT' } : { type: 'invalid_request_error' },
    );
    expect(answer.text.length).toBeLessThan(2_000);
    expect(stallMs).toBeLessThan(MAX_STALL_MS);
  });

  it('and none of it is sent upstream', async () => {
    expect((await upstream.stats()).calls).toBe(0);
  });
});

it('the largest texts that are taken do not hold up the service either', async () => {
  const { answer, stallMs } = await sendAndMeasure('/v1/embeddings', 'the largest texts');
  expect(answer.status).toBe(200);
  expect(stallMs).toBeLessThan(MAX_STALL_MS);
});
