import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Frees what nobody holds, and lets those who wait for that hear of it. Call it where nothing is on the stack. */
export async function collectGarbage(): Promise<void> {
  // What was looked at through a weak reference is kept until the end of its tick.
  for (let round = 0; round < 3; round++) {
    await setImmediate();
    gc();
  }
  await setImmediate();
}
