import { median } from '../lib/rounds.mjs';
import { startInstances } from './instances.mjs';

const CALLERS = 250;
const LOAD_MS = 50;

/** A stampede: 4 processes with 250 callers each ask for one cold key whose load takes 50 ms. */
export async function coldKey({ redis, rounds }) {
  const instances = await startInstances(4, redis);
  const rows = [];
  for (const contender of ['larder', 'BentoCache']) {
    const loads = [];
    const worst = [];
    for (let round = -2; round < rounds; round++) {
      const key = `cold:${contender}:${round}`;
      const answers = await instances.all('stampede', { contender, key, callers: CALLERS, loadMs: LOAD_MS });
      if (round < 0) continue;
      loads.push(answers.reduce((sum, answer) => sum + answer.loads, 0));
      worst.push(Math.max(...answers.map(({ ms }) => ms)));
    }
    rows.push([
      rows.length === 0 ? `cold key, 4 × ${CALLERS} callers, ${LOAD_MS} ms loader` : '',
      contender,
      `all served after ${median(worst).toFixed(0)} ms`,
      `${median(loads)} loads, at most ${Math.max(...loads)}`,
      contender === 'larder' ? '1 load, ≤ 100 ms' : '',
    ]);
  }
  instances.stop();
  return rows;
}
