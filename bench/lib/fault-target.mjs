/** One cache in a process of its own: two instances under load. Runs the parent's commands and answers each message. */
import { CACHES } from './fault-caches.mjs';
import { FaultLoad } from './fault-load.mjs';

const [name, port] = process.argv.slice(2);
// Some clients leave rejections unhandled; an application would log them.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);

const open = () => CACHES[name]({ port: Number(port), url: `redis://127.0.0.1:${port}` });
const load = new FaultLoad([open(), open()]);

process.on('message', async ({ step, args = [] }) => process.send({ step, result: await load[step](...args) }));
process.send({ step: 'loaded' });
load.start();
await load.firstAnswer();
process.send({ step: 'started', result: performance.now() });
