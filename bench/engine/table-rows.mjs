import { rate, ratio } from '../lib/table.mjs';

/** Rows of the table for the results of one scenario; the others are compared with the first contender. */
export function rowsOf(scenario, target, results) {
  const [baseline] = Object.keys(results);
  return Object.entries(results).map(([name, result], i) => [
    i === 0 ? scenario : '',
    name,
    rate(result.rate),
    name === baseline ? '1' : ratio(result.ratio),
    name === 'larder' ? target : '',
  ]);
}
