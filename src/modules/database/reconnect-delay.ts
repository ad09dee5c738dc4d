const FIRST_MS = 100;
const LONGEST_MS = 2_000;

/**
 * How long to wait before attempt `failures + 1` to reach the database, ms: from 0.1 s, doubling to 2 s, less up to a
 * half at random, so that instances do not come back all at once.
 */
export function reconnectDelayMs(failures: number, random: () => number = Math.random): number {
  const longestMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return longestMs * (1 - random() / 2);
}
