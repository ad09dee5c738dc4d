import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `step` so many times a second while `isOn`, whether or not those before have ended, and catches up when it was
 * late. Resolves when it is over and all have ended.
 *
 * @param step is told when it was due.
 */
export async function pace(
  perSecond: number,
  isOn: () => boolean,
  step: (dueMs: number) => Promise<void>,
): Promise<void> {
  const steps: Promise<void>[] = [];
  for (let dueMs = performance.now(); isOn(); dueMs += 1_000 / perSecond) {
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    steps.push(step(dueMs));
  }
  await Promise.all(steps);
}
