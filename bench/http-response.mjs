/**
 * The saving of `@CacheResponse`: requests of one 2 KB JSON route, against the bare handler that returns the object, by the
 * clock and by the processor time the server took for them. The second hardly depends on the machine's other work, and
 * leaves out the time of Redis in its own process.
 *
 *   npm run build && node bench/http-response.mjs
 *
 * The server runs in a process of its own on the second processor, the clients on the first; rounds are interleaved.
 * ROUNDS: default 9. REQUESTS: a round's requests for each contender, default 20000. CONNECTIONS: default 32.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startRedis } from './lib/redis.mjs';
import { interleave, median } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const REQUESTS = Number(process.env.REQUESTS ?? 20_000);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 32);

const redis = await startRedis();
const serverFile = fileURLToPath(new URL('./lib/http-response-server.mjs', import.meta.url));
const server = fork(serverFile, { env: { ...process.env, BENCH_REDIS_URL: redis.url } });
const [ports] = await once(server, 'message');
pin(process.pid, 0);
pin(server.pid, 1);

const contenders = {
  'bare handler': ['memory', '/bare'],
  'memory hit, public route': ['memory', '/cached'],
  '304, public route': ['memory', '/cached', 'If-None-Match: *\r\n'],
  'Nest CacheInterceptor, memory': ['memory', '/interceptor'],
  'Redis hit, public route': ['redis', '/cached'],
  'Nest CacheInterceptor, Redis': ['redis', '/interceptor'],
};
const guarded = {
  'bare handler behind a guard': ['memory', '/guarded/bare'],
  'memory hit behind a guard': ['memory', '/guarded/cached'],
};

try {
  for (const group of [contenders, guarded]) {
    const processorUs = Object.fromEntries(Object.keys(group).map((name) => [name, []]));
    const runs = Object.entries(group).map(([name, [where, path, headers]]) => [
      name,
      async () => {
        const before = await serverProcessorUs();
        const perSecond = await requestsPerSecond(ports[where], path, headers);
        processorUs[name].push(((await serverProcessorUs()) - before) / REQUESTS);
        return perSecond;
      },
    ]);
    const results = await interleave(Object.fromEntries(runs), { rounds: ROUNDS });
    const [baseline] = Object.keys(group);
    // Of the rounds that interleave() counted.
    const ofRounds = (name) => processorUs[name].slice(-ROUNDS);
    const saved = (name) => median(ofRounds(name).map((us, i) => ofRounds(baseline)[i] / us));
    printTable(
      ['route', 'requests', `of ${baseline}`, 'processor time each', `requests for that of ${baseline}`],
      Object.entries(results).map(([name, result]) => [
        name,
        rate(result.rate),
        ratio(result.ratio),
        `${median(ofRounds(name)).toFixed(0)} µs`,
        ratio(saved(name)),
      ]),
    );
  }
} finally {
  server.kill();
  await redis.stop();
}

/** Processor time of the server so far. */
async function serverProcessorUs() {
  server.send('processor');
  const [us] = await once(server, 'message');
  return us;
}

/** Sends the same request again and again on kept-alive connections, one at a time on each. */
async function requestsPerSecond(port, path, headers = '') {
  const request = `GET ${path} HTTP/1.1\r\nHost: bench\r\n${headers}\r\n`;
  let left = REQUESTS;
  const startedAt = process.hrtime.bigint();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => drain(port, request, () => left-- > 0)));
  return REQUESTS / (Number(process.hrtime.bigint() - startedAt) / 1e9);
}

async function drain(port, request, takeNext) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  await once(socket, 'connect');
  await new Promise((resolve, reject) => {
    let received = '';
    const next = () => {
      if (takeNext()) socket.write(request);
      else resolve();
    };
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk;
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      if (!/^HTTP\/1\.1 (200|304)/.test(received)) reject(new Error(received));
      received = '';
      next();
    });
    next();
  });
  socket.destroy();
}

/** One processor each, where there are two and `taskset` exists. */
function pin(pid, processor) {
  spawnSync('taskset', ['-acp', String(processor), String(pid)]);
}
