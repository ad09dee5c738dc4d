import { fork } from 'node:child_process';
import { once } from 'node:events';
import { unpin } from '../lib/pin.mjs';
import { median } from '../lib/rounds.mjs';

const KEYS = 10_000;
const PROCESSES = [1, 2, 8];
const MOST_ROUNDS = 3;
const ENTRY = new URL('./many-misses.worker.mjs', import.meta.url);

/** Many keys that all processes miss at one moment: loads a key, how many values were stored, and the cost of a miss. */
export async function manyMisses({ redis, rounds }) {
  const rows = [];
  for (const contender of ['ioredis GET, SET', 'larder'])
    for (const count of contender === 'larder' ? PROCESSES : [1])
      rows.push(await measure({ contender, count, redis, rounds: Math.min(rounds, MOST_ROUNDS) }));
  return rows;
}

async function measure({ contender, count, redis, rounds }) {
  const workers = await startWorkers(count, redis);
  const results = [];
  for (let round = -1; round < rounds; round++) {
    const answers = await Promise.all(
      workers.map(async (worker) => {
        const answered = once(worker, 'message');
        worker.send({ contender, prefix: `m:${contender}:${count}:${round}`, keys: KEYS });
        return (await answered)[0];
      }),
    );
    if (round >= 0) results.push(answers);
  }
  for (const worker of workers) worker.disconnect();
  const sum = (answers, name) => answers.reduce((total, answer) => total + answer[name], 0);
  const ofRounds = (figure) => median(results.map(figure));
  return [
    `${KEYS} keys missed at once by ${count} ${count === 1 ? 'process' : 'processes'}`,
    contender,
    `${ofRounds((answers) => sum(answers, 'cpuUs') / KEYS / count).toFixed(0)} µs of CPU a miss, ${ofRounds((answers) => Math.max(...answers.map(({ ms }) => ms))).toFixed(0)} ms in all`,
    contender === 'larder'
      ? `${ofRounds((answers) => sum(answers, 'loads') / KEYS).toFixed(3)} loads a key, ${(100 * ofRounds((answers) => sum(answers, 'stored') / KEYS)).toFixed(1)} % stored`
      : '',
    contender === 'larder' ? '≤ 1.05 loads, ≥ 99 %, ≤ 100 µs' : '',
  ];
}

function startWorkers(count, redis) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const worker = fork(ENTRY, { env: { ...process.env, BENCH_REDIS_URL: redis.url } });
      unpin(worker.pid);
      await once(worker, 'message');
      return worker;
    }),
  );
}
