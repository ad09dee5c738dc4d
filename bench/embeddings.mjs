/**
 * A request of 100 cached texts, 768 dimensions wide.
 *
 * 1. Over HTTP: answered as base64 from the stored bytes and as JSON numbers, from memory and from Redis, against a bare
 *    server that keeps and answers JSON numbers (`lib/float-json-server.mjs`).
 * 2. The read alone: `getMany` of the records against a raw MGET of the same buffers, copied or not, and against JSON.
 *
 *   npm run build && node bench/embeddings.mjs
 *
 * Each server runs in a process of its own, against a local upstream; rounds are interleaved.
 * ROUNDS: default 9. REQUESTS: a round's requests for each contender, default 200. CONNECTIONS: default 8.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isolate } from './lib/isolated.mjs';
import { pin } from './lib/pin.mjs';
import { startRedis } from './lib/redis.mjs';
import { interleave, median, throughput } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

const TOKEN = 'token-of-the-bench';
const ROUNDS = Number(process.env.ROUNDS ?? 9);
const REQUESTS = Number(process.env.REQUESTS ?? 200);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 8);
/** Of a clock tick in /proc, as Linux has it everywhere. */
const TICK_MS = 10;

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const input = Array.from(
  { length: 100 },
  (_, index) => `A sentence about subject number ${index}, of ordinary length.`,
);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

const redis = await startRedis();
const children = [redis.child];
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
const upstream = fork(file('../test/support/embedding-upstream.server.mjs'), { execArgv: [] });
const [{ port: upstreamPort }] = await once(upstream, 'message');

/** The built service. `CACHE_MEMORY_MAX_BYTES: 0` leaves Redis to answer. */
async function startService(env) {
  const child = spawn(process.execPath, [file('../dist/main.js')], {
    env: {
      PORT: '0',
      LOG_LEVEL: 'silent',
      LARDER_TOKEN: TOKEN,
      REDIS_URL: redis.url,
      GEMINI_API_KEY: 'upstream-key',
      GEMINI_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /serves at (\S+)/.exec(line)?.[1];
    if (url) return { child, url: new URL(url) };
  }
  throw new Error('The service ended before it served; build it first.');
}

function ask({ url }, encoding_format, { keepsBody = false } = {}) {
  const body = JSON.stringify({ input, encoding_format });
  return new Promise((resolve, reject) => {
    const call = request(
      new URL('/v1/embeddings', url),
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let bytes = 0;
        const chunks = [];
        response.on('data', (chunk) => {
          bytes += chunk.length;
          if (keepsBody) chunks.push(chunk);
        });
        response.on('end', () =>
          resolve({ bytes, cache: response.headers['x-embed-cache'], body: Buffer.concat(chunks) }),
        );
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** CPU the process has used, user and system, in milliseconds. */
function cpuMs({ child }) {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** A bare server of JSON numbers, filled with the same vectors. */
async function startFloatJson(vectors) {
  const child = fork(file('lib/float-json-server.mjs'), {
    execArgv: [],
    env: { ...process.env, REDIS_URL: redis.url },
  });
  const [{ port }] = await once(child, 'message');
  const url = new URL(`http://127.0.0.1:${port}`);
  await fetch(url, { method: 'PUT', body: JSON.stringify({ input, vectors }) });
  return { child, url };
}

const memory = await startService({});
const fromRedis = await startService({ CACHE_MEMORY_MAX_BYTES: '0' });
for (const service of [memory, fromRedis]) {
  // Until everything is cached and Redis is in use.
  while ((await ask(service, 'base64')).cache !== 'HIT') await new Promise((resolve) => setTimeout(resolve, 50));
}
const { data } = JSON.parse((await ask(memory, 'float', { keepsBody: true })).body);
const vectors = data.map(({ embedding }) => embedding);
const floatJson = await startFloatJson(vectors);

async function measureServers() {
  const servers = {
    'base64, from memory': [memory, 'base64'],
    'base64, from Redis': [fromRedis, 'base64'],
    'numbers, from memory': [memory, 'float'],
    'numbers, from Redis': [fromRedis, 'float'],
    'bare server: JSON numbers in Redis': [floatJson, 'float'],
  };
  const usedMs = {};
  const contenders = Object.fromEntries(
    Object.entries(servers).map(([name, [server, format]]) => {
      usedMs[name] = [];
      const run = async () => {
        const before = cpuMs(server);
        const result = await throughput(() => ask(server, format), REQUESTS, CONNECTIONS);
        usedMs[name].push((cpuMs(server) - before) / REQUESTS);
        return result;
      };
      return [name, run];
    }),
  );
  const results = await interleave(contenders, { rounds: ROUNDS });
  const rows = [];
  for (const [name, { rate: r, ratio: x }] of Object.entries(results)) {
    const { bytes } = await ask(...servers[name]);
    rows.push([name, rate(r), ratio(x), `${(bytes / 1_024).toFixed(0)} KiB`, `${median(usedMs[name]).toFixed(2)} ms`]);
  }
  printTable(['100 cached texts × 768', 'requests/s', 'of base64 from memory', 'body', 'CPU a request'], rows);
}

async function measureReads() {
  pin(redis.child.pid, 1);
  const contenders = await isolate(new URL('./lib/record-reads.mjs', import.meta.url).href, { url: redis.url });
  const results = await contenders.measure('reads', [], { rounds: ROUNDS });
  await contenders.stop();
  printTable(
    ['100 vectors × 768 from Redis', 'reads/s', 'of MGET, each copied'],
    Object.entries(results).map(([name, { rate: r, ratio: x }]) => [name, rate(r), ratio(x)]),
  );
}

await measureServers();
await measureReads();

for (const { child } of [memory, fromRedis, floatJson]) child.kill('SIGTERM');
agent.destroy();
upstream.disconnect();
await redis.stop();
