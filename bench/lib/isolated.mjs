import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { interleave } from './rounds.mjs';

const EARLIER_ENTRY = process.env.LARDER_EARLIER_ENTRY;

/**
 * Contenders, each in a process of its own, so that none runs on another's heap: garbage that one leaves behind for the
 * collector costs the next as much as its own work. Only one works at a time, each on the first processor.
 *
 * @param module file URL of a module that exports `contenders`: name -> async (context) => measures, where measures are
 *   name -> async (...args) => operations per second
 * @param context anything JSON can hold
 */
export async function isolate(module, context, names) {
  const { contenders } = await import(module);
  const children = {};
  for (const name of wanted(names ?? Object.keys(contenders))) {
    children[name] = await start(module, name, context);
    // The earlier build runs in the same rounds, so that both meet the same machine.
    if (EARLIER_ENTRY && name.startsWith('larder'))
      children[`${name} (earlier build)`] = await start(module, name, context, { LARDER_ENTRY: EARLIER_ENTRY });
  }
  return {
    names: Object.keys(children),
    /** One measure of all contenders that have it, in interleaved rounds; the others are compared with the first. */
    measure: (measure, args, options) =>
      interleave(
        Object.fromEntries(
          Object.entries(children)
            .filter(([, { measures }]) => measures.includes(measure))
            .map(([name, child]) => [name, () => child.run(measure, args)]),
        ),
        options,
      ),
    /** One round of one contender. */
    run: (name, measure, ...args) => children[name].run(measure, args),
    async stop() {
      for (const { process: child } of Object.values(children)) {
        const exited = once(child, 'exit');
        child.disconnect();
        await exited;
      }
    },
  };
}

/** With an earlier build to compare with, the peers stay out: the baseline and Larder are enough. */
const wanted = (names) => (EARLIER_ENTRY ? names.filter((name, i) => i === 0 || name.startsWith('larder')) : names);

async function start(module, name, context, env = {}) {
  const child = fork(
    fileURLToPath(new URL('./contender.mjs', import.meta.url)),
    [module, name, JSON.stringify(context)],
    { env: { ...process.env, ...env } },
  );
  const [measures] = await once(child, 'message');
  return {
    process: child,
    measures,
    async run(measure, args) {
      const answered = once(child, 'message');
      child.send({ measure, args });
      return (await answered)[0];
    },
  };
}
