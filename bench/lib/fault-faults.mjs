import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedis } from './redis.mjs';

const SECONDS = Number(process.env.SECONDS ?? 3);

/** Faults of a Redis on a port: `strike` resolves when it is well again. `target` is Larder's. */
export const FAULTS = {
  frozen: {
    target: 'failed 0, p99 ≤ 60 ms, worst ≤ 150 ms',
    open: async (port) => {
      const redis = await startRedis([], port);
      const strike = async () => {
        redis.child.kill('SIGSTOP');
        await sleep(SECONDS * 1_000);
        redis.child.kill('SIGCONT');
      };
      return { strike, stop: redis.stop };
    },
  },
  'killed, back empty': {
    target: 'failed 0, p99 ≤ 12 ms, hits back ≤ 750 ms',
    open: async (port) => {
      let redis = await startRedis([], port);
      const strike = async () => {
        await redis.stop();
        await sleep(SECONDS * 1_000);
        redis = await startRedis([], port);
      };
      return { strike, stop: () => redis.stop() };
    },
  },
  'not there at boot': {
    isThereAtStart: false,
    target: 'failed 0, first answer ≤ 3 s, hits back ≤ 1 s',
    open: async (port) => {
      let redis;
      const strike = async () => {
        await sleep(SECONDS * 1_000);
        redis = await startRedis([], port);
      };
      return { strike, stop: () => redis.stop() };
    },
  },
  'writes paused': {
    target: 'failed 0, 0 ghosts',
    open: async (port) => {
      const redis = await startRedis([], port);
      const strike = async () => {
        const admin = new Redis(redis.url);
        await admin.call('CLIENT', 'PAUSE', SECONDS * 1_000, 'WRITE');
        await sleep(SECONDS * 1_000);
        admin.disconnect();
      };
      return { strike, stop: redis.stop };
    },
  },
};
