import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from './eventually.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/**
 * Frees the objects that nothing holds. Call it where nothing is on the stack. The collector tells finalizers of freed objects
 * in a task of its own, which a busy machine runs later: use {@link freed} for what they do.
 */
export async function collectGarbage(): Promise<void> {
  // An object that a weak reference has returned is kept until the end of its tick.
  for (let round = 0; round < 3; round++) {
    await setImmediate();
    gc();
  }
  await setImmediate();
}

/** Collects garbage until an assertion about freed objects holds. @throws the assertion's last failure. */
export function freed(assertion: () => void): Promise<void> {
  return eventually(async () => {
    await collectGarbage();
    assertion();
  });
}
