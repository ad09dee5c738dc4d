/** Interleaved rounds: each contender runs once per round, so the machine's other work meets all alike. */

/** Median of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which a share of the values lies. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * Runs contenders in interleaved rounds.
 *
 * @param contenders name -> async function that does the work once and returns operations per second
 * @returns name -> { rate: median operations per second, ratio: median over rounds of rate / baseline's rate }
 */
export async function interleave(contenders, { rounds = 9, warmups = 2 } = {}) {
  const names = Object.keys(contenders);
  const rates = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmups; round < rounds; round++) {
    // Alternate the order, so that no contender always runs on another's garbage.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const rate = await contenders[name]();
      if (round >= 0) rates[name].push(rate);
    }
  }
  const [baseline] = names;
  return Object.fromEntries(
    names.map((name) => [
      name,
      { rate: median(rates[name]), ratio: median(rates[name].map((rate, i) => rate / rates[baseline][i])) },
    ]),
  );
}

/** Operations per second of `run(i)` called `count` times, `concurrency` at a time. */
export async function throughput(run, count, concurrency) {
  let next = 0;
  const startedAt = process.hrtime.bigint();
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return count / (Number(process.hrtime.bigint() - startedAt) / 1e9);
}
