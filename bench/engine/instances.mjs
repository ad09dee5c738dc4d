import { fork } from 'node:child_process';
import { once } from 'node:events';
import { unpin } from '../lib/pin.mjs';

/** Starts processes that hold caches on the shared Redis; see `other-instance.mjs`. */
export async function startInstances(count, redis) {
  const children = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(new URL('./other-instance.mjs', import.meta.url), {
        env: { ...process.env, BENCH_REDIS_URL: redis.url },
      });
      unpin(child.pid);
      await once(child, 'message');
      return child;
    }),
  );
  return {
    /** Every instance does it; resolves to their answers. */
    all: (command, rest = {}) =>
      Promise.all(
        children.map(async (child) => {
          const answered = once(child, 'message');
          child.send({ command, ...rest });
          return (await answered)[0];
        }),
      ),
    stop() {
      for (const child of children) child.disconnect();
    },
  };
}
