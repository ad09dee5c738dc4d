/**
 * A request of 100 cached texts, 768 dimensions wide: answered as base64 from the stored bytes against the same as JSON
 * numbers, from memory and from Redis.
 *
 *   npm run build && node bench/embeddings.mjs
 *
 * The service runs in a process of its own, against a local upstream; rounds are interleaved.
 * ROUNDS: default 9. REQUESTS: a round's requests for each contender, default 200. CONNECTIONS: default 8.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startRedis } from './lib/redis.mjs';
import { interleave, throughput } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

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
const upstream = fork(file('../test/support/embedding-upstream.server.mjs'), { execArgv: [] });
const [{ port: upstreamPort }] = await once(upstream, 'message');

/** The built service. `CACHE_MEMORY_MAX_BYTES: 0` leaves Redis to answer. */
async function startService(env) {
  const child = spawn(process.execPath, [file('../dist/main.js')], {
    env: {
      PORT: '0',
      LOG_LEVEL: 'silent',
      REDIS_URL: redis.url,
      GEMINI_API_KEY: 'upstream-key',
      GEMINI_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /serves at (\S+)/.exec(line)?.[1];
    if (url) return { child, url: new URL(url) };
  }
  throw new Error('The service ended before it served; build it first.');
}

function ask({ url }, encoding_format) {
  const body = JSON.stringify({ input, encoding_format });
  return new Promise((resolve, reject) => {
    const call = request(
      new URL('/v1/embeddings', url),
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let bytes = 0;
        response.on('data', (chunk) => (bytes += chunk.length));
        response.on('end', () => resolve({ bytes, cache: response.headers['x-embed-cache'] }));
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

const services = { memory: await startService({}), Redis: await startService({ CACHE_MEMORY_MAX_BYTES: '0' }) };
const used = {};
const bytes = {};
const contenders = Object.fromEntries(
  ['base64', 'float'].flatMap((format) =>
    Object.entries(services).map(([tier, service]) => {
      const name = `${format}, from ${tier}`;
      used[name] = { cpuMs: 0, requests: 0 };
      const run = async () => {
        const before = cpuMs(service);
        const result = await throughput(() => ask(service, format), REQUESTS, CONNECTIONS);
        used[name].cpuMs += cpuMs(service) - before;
        used[name].requests += REQUESTS;
        return result;
      };
      return [name, run];
    }),
  ),
);

for (const service of Object.values(services)) {
  // Until everything is cached and Redis is in use.
  while ((await ask(service, 'base64')).cache !== 'HIT') await new Promise((resolve) => setTimeout(resolve, 50));
}
for (const name of Object.keys(contenders)) {
  const [format, tier] = name.split(', from ');
  bytes[name] = (await ask(services[tier], format)).bytes;
}

const results = await interleave(contenders, { rounds: ROUNDS });
printTable(
  ['100 cached texts × 768', 'requests/s', 'of base64 from memory', 'body', 'CPU a request'],
  Object.entries(results).map(([name, { rate: r, ratio: x }]) => [
    name,
    rate(r),
    ratio(x),
    `${(bytes[name] / 1_024).toFixed(0)} KiB`,
    `${(used[name].cpuMs / used[name].requests).toFixed(2)} ms`,
  ]),
);

for (const { child } of Object.values(services)) child.kill('SIGTERM');
agent.destroy();
upstream.disconnect();
await redis.stop();
