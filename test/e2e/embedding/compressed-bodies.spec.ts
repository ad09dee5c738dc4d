import { request } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { startApp, type TestApp } from '../../support/test-app.js';

const LIMIT = 100_000;
const GOOGLE = '/v1beta/models/local:embedContent';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ EMBEDDING_BODY_LIMIT: String(LIMIT) });
});
afterAll(() => app.close());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly acceptEncoding: string | undefined;
}

function send(body: Buffer, coding: string, { path = '/v1/embeddings', isChunked = false } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-encoding': coding,
      ...(isChunked ? {} : { 'content-length': body.length }),
    };
    const call = request(`${app.url}${path}`, { method: 'POST', headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
      resolve({ status: answer.statusCode!, text, acceptEncoding: answer.headers['accept-encoding'] as string });
    });
    call.on('error', reject);
    call.end(body);
  });
}

const BODY = JSON.stringify({ model: 'local', input: ['a text', 'another'] });
const GOOGLE_BODY = JSON.stringify({ content: { parts: [{ text: 'a text' }] } });

describe.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const)('a body in %s', (coding, compress) => {
  it.each([false, true])('is embedded as the same body without it, in chunks: %s', async (isChunked) => {
    const answer = await send(compress(BODY), coding, { isChunked });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe((await send(Buffer.from(BODY), 'identity')).text);
    expect((await send(compress(GOOGLE_BODY), coding, { path: GOOGLE, isChunked })).status).toBe(200);
  });

  it.each([false, true])('has the limit of a body after it is undone, in chunks: %s', async (isChunked) => {
    // A hundred thousand times its size, or as much as the coding can.
    const bomb = compress(Buffer.alloc(64 * 2 ** 20, ' '));
    expect(bomb.length).toBeLessThan(LIMIT);
    const { status, text } = await send(bomb, coding, { isChunked });
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('that is cut off, or is something else, is refused', async () => {
    const bytes = compress(BODY);
    expect((await send(bytes.subarray(0, bytes.length - 5), coding)).status).toBe(400);
    expect((await send(Buffer.from(BODY), coding)).status).toBe(400);
  });
});

it.each(['compress', 'gzip, br', 'made-up', 'gzip;q=1'])(
  '%s is refused with the codings that are taken',
  async (coding) => {
    const answer = await send(gzipSync(BODY), coding);
    expect([answer.status, answer.acceptEncoding]).toEqual([415, 'gzip, deflate, br, zstd']);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { type: 'invalid_request_error' } });
  },
);
