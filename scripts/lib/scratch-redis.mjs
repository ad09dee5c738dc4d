import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs with the URL of a Redis of its own (`REDIS_SERVER`, or `redis-server`). */
export async function withRedis(run) {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn(process.env.REDIS_SERVER ?? 'redis-server', args, { stdio: 'ignore' });
  try {
    await waitFor(() => isListening(port), 'Redis');
    await run(`redis://127.0.0.1:${port}`);
  } finally {
    server.kill();
  }
}

/** Resolves with the first result that is not `undefined`; an error counts as none. @throws Error after a minute. */
export async function waitFor(attempt, subject) {
  let last;
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`Waited a minute for ${subject}.`, { cause: last });
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}
