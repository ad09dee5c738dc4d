/**
 * Latency and errors of an application while Redis is not well: Larder, BentoCache, cache-manager and cache-aside on raw ioredis under
 * the same script: two instances, 200 requests a second, a loader of 5 ms, 20 invalidations a second.
 *
 *   npm install --prefix bench && npm run bench:faults -- [fault] [cache]
 *
 * SECONDS: how long each fault lasts, default 3. With `long` as the fault: Larder alone, MINUTES (10) without Redis and a
 * million invalidations.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CACHES } from './lib/fault-caches.mjs';
import { FAULTS } from './lib/fault-faults.mjs';
import { runLongOutage } from './lib/fault-long.mjs';
import { freePort } from './lib/redis.mjs';
import { printTable } from './lib/table.mjs';

const [wantedFault = '', wantedCache = ''] = process.argv.slice(2);
/** The oldest stale read that is told apart, and some. */
const AFTER_MS = 11_000;
const targetFile = fileURLToPath(new URL('./lib/fault-target.mjs', import.meta.url));

if (wantedFault === 'long') {
  await runLongOutage();
  process.exit(0);
}

const rows = [];
for (const [fault, { open, isThereAtStart = true, target }] of Object.entries(FAULTS)) {
  if (!fault.includes(wantedFault)) continue;
  for (const cache of Object.keys(CACHES).filter((name) => name.includes(wantedCache))) {
    const report = await run(cache, open, isThereAtStart);
    console.error(JSON.stringify({ fault, cache, ...report }));
    rows.push([fault, cache, ...columns(report), cache === 'larder' ? target : '']);
  }
}
printTable(
  [
    'fault',
    'cache',
    'first answer',
    'failed of requests',
    'p99 before',
    'p50',
    'p99',
    'worst',
    'hits back',
    'loads',
    'stale at +0.1 / +1 / +10 s',
    'ghosts of failed sets',
    'target',
  ],
  rows,
);
process.exit(0);

async function run(cache, open, isThereAtStart) {
  const port = await freePort();
  const redis = await open(port);
  const child = fork(targetFile, [cache, String(port)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ask = async (step, ...args) => {
    child.send({ step, args });
    return answer(child, step);
  };
  await answer(child, 'loaded');
  const started = answer(child, 'started');
  if (isThereAtStart) {
    await started;
    await ask('shared', 0);
    await sleep(1_000);
    await ask('settled');
    await sleep(1_500);
  }
  await ask('struck');
  await redis.strike();
  await ask('back');
  const startedMs = await started;
  const hitsBackMs = await ask('shared');
  await sleep(1_000);
  await ask('stopWriting');
  await sleep(AFTER_MS);
  const report = await ask('finish');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await redis.stop();
  return { startedMs, hitsBackMs, ...report };
}

/** The child's answer to a step. */
function answer(child, wanted) {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The cache under test ended its process.'));
    const onMessage = ({ step, result }) => {
      if (step !== wanted) return;
      child.off('message', onMessage).off('exit', onExit);
      resolve(result);
    };
    child.on('message', onMessage).on('exit', onExit);
  });
}

function columns({ startedMs, hitsBackMs, requests, failed, p99BeforeMs, p50Ms, p99Ms, worstMs, loads, ...report }) {
  const { stale, ghosts, failedSets } = report;
  return [
    ms(startedMs),
    `${failed} of ${requests}`,
    ms(p99BeforeMs),
    ms(p50Ms),
    ms(p99Ms),
    ms(worstMs),
    ms(hitsBackMs),
    loads,
    stale.join(' / '),
    `${ghosts} of ${failedSets}`,
  ];
}

function ms(value) {
  if (value === undefined || value === null || !Number.isFinite(value)) return '–';
  return value < 1_000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1_000).toFixed(1)} s`;
}
