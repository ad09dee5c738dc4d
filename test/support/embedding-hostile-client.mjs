/**
 * Sends hostile requests from a thread of its own, so that making them does not hold up the service under test. Told
 * `{ url, path, body, token }`, where `body` names what is made here, it answers `{ status, text }`. A body whose name ends with
 * `in chunks` is sent without its length.
 */
import { request } from 'node:http';
import { parentPort } from 'node:worker_threads';

const text = 'x'.repeat(1_000);
const bodies = {
  'many items': () => JSON.stringify({ input: Array(100_000).fill('item') }),
  'many numbers': () => JSON.stringify({ input: Array(1_000_000).fill(1) }),
  'many lists': () => JSON.stringify({ input: Array(500_000).fill([]) }),
  'many wrong items': () => JSON.stringify({ requests: Array(100_000).fill({}) }),
  'deep nesting': () => `{"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  '64 MB': () => JSON.stringify({ input: Array(64_000).fill(text) }),
  '64 MB in one text': () => JSON.stringify({ input: text.repeat(64_000) }),
  '64 MB in one text, in chunks': () => JSON.stringify({ input: text.repeat(64_000) }),
  'the largest texts': () =>
    JSON.stringify({ input: Array.from({ length: 40 }, (_, index) => `${index} ${text.repeat(99)}`) }),
  'lone surrogates': () =>
    `{"input":[${Array(2_000)
      .fill(String.raw`"\ud800\ud800"`)
      .join(',')}]}`,
  prototypes: () => `{"input":"x",${Array(10_000).fill('"__proto__":{"a":1}').join(',')}}`,
  'NaN dimensions': () => '{"input":"x","dimensions":NaN}',
  'huge dimensions': () => '{"input":"x","dimensions":1e400}',
  'ten thousand keys': () =>
    `{"input":"x",${Array.from({ length: 10_000 }, (_, index) => `"key${index}":{}`).join(',')},"dimensions":"x"}`,
};

parentPort.on('message', ({ url, path, body, token }) => {
  const payload = Buffer.from(bodies[body]());
  let isAnswered = false;
  const call = request(
    url + path,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(body.endsWith('in chunks') ? { 'transfer-encoding': 'chunked' } : { 'content-length': payload.length }),
      },
    },
    (response) => {
      isAnswered = true;
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        parentPort.postMessage({ status: response.statusCode, text: Buffer.concat(chunks).toString() }),
      );
    },
  );
  // A server may close the connection as soon as it has refused.
  call.on('error', (error) => isAnswered || parentPort.postMessage({ status: 0, text: String(error) }));
  call.end(payload);
});
