/** The process of one contender; see `isolated.mjs`. */
import { pin } from './pin.mjs';

// Only the thread that does the work is pinned: V8's other threads may run anywhere.
pin(process.pid, 0);
const [module, name, context] = process.argv.slice(2);
const { contenders } = await import(module);
const measures = await contenders[name](JSON.parse(context));

process.on('message', async ({ measure, args }) => process.send(await measures[measure](...args)));
process.on('disconnect', () => process.exit());
process.send(Object.keys(measures));
