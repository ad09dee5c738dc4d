/** The process of one contender; see `isolated.mjs`. */
import { pin } from './pin.mjs';

// The thread that does the work: what V8 does beside it may go where there is room, as anywhere else.
pin(process.pid, 0);
const [module, name, context] = process.argv.slice(2);
const { contenders } = await import(module);
const measures = await contenders[name](JSON.parse(context));

process.on('message', async ({ measure, args }) => process.send(await measures[measure](...args)));
process.on('disconnect', () => process.exit());
process.send(Object.keys(measures));
