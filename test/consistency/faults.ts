import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../support/redis-server.js';
import type { SubscriberProxy } from './subscriber-proxy.js';

/** The parts that a fault may touch. */
export interface FaultTargets {
  readonly redis: RedisServer;
  /** A connection for commands; reconnects by itself. */
  readonly control: Redis;
  /** One worker's way to Redis. */
  readonly proxy: SubscriberProxy;
  readonly random: () => number;
  /** Holds up a random worker's event loop; resolves when it is over. */
  stallWorker(forMs: number): Promise<void>;
  /** SIGKILL to a random worker. */
  killWorker(): Promise<number>;
  /** A new process in its place, with the outbox file of the old one. */
  reviveWorker(worker: number): Promise<void>;
}

/** How far a fault reaches: Redis answers and only announcements are lost or late, or Redis itself is away or empty. */
export type FaultReach = 'bus' | 'redis';

interface Fault {
  readonly reach: FaultReach;
  readonly run: (targets: FaultTargets) => Promise<void>;
}

/** Everything that is broken on purpose. */
export const FAULTS = {
  /** Announcements are lost while subscribers reconnect. */
  'subscribers cut': {
    reach: 'bus',
    run: async ({ control, random }) => {
      for (let i = 0; i <= random() * 3; i++) {
        await control.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await delay(50 + random() * 600);
      }
    },
  },
  'connections cut': {
    reach: 'redis',
    run: async ({ control, random }) => {
      for (let i = 0; i <= random() * 3; i++) {
        await control.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await delay(50 + random() * 400);
      }
    },
  },
  /** A subscriber's connection is up and silent: only the heartbeat can tell. */
  'subscriber half-open': {
    reach: 'bus',
    run: async ({ proxy, random }) => {
      proxy.deafen();
      await delay(1_500 + random() * 3_000);
      proxy.hear();
    },
  },
  'redis frozen': {
    reach: 'redis',
    run: async ({ redis, random }) => {
      redis.pause();
      await delay(500 + random() * 2_500);
      redis.resume();
    },
  },
  'redis killed, back empty': {
    reach: 'redis',
    run: async ({ redis, random }) => {
      await redis.kill();
      await delay(random() * 1_500);
      await redis.restart();
    },
  },
  /** Writes that were acknowledged after the snapshot are gone from Redis. */
  'redis back from an old snapshot': {
    reach: 'redis',
    run: async ({ redis, random }) => {
      const snapshot = await redis.snapshot();
      await delay(500 + random() * 2_000);
      await redis.kill();
      await delay(random() * 800);
      await redis.restart({ snapshot });
    },
  },
  'writes paused': {
    reach: 'redis',
    run: async ({ control, random }) => {
      const forMs = 300 + random() * 1_700;
      await control.call('CLIENT', 'PAUSE', Math.floor(forMs), 'WRITE');
      await delay(forMs);
    },
  },
  'all commands paused': {
    reach: 'redis',
    run: async ({ control, random }) => {
      const forMs = 300 + random() * 1_200;
      await control.call('CLIENT', 'PAUSE', Math.floor(forMs), 'ALL');
      await delay(forMs);
    },
  },
  /** Answers come past the budget of reads: loaders run without a lease, and the answers race them. */
  'redis late': {
    reach: 'redis',
    run: async ({ control, random }) => {
      for (let i = 0; i < 12; i++) {
        const forMs = 15 + random() * 150;
        await control.call('CLIENT', 'PAUSE', Math.floor(forMs), 'ALL');
        await delay(forMs + random() * 60);
      }
    },
  },
  /** Tags, generations and the log itself are evicted. */
  'memory full, everything evictable': {
    reach: 'bus',
    run: async ({ control, random }) => {
      const used = Number(/used_memory:(\d+)/.exec(await control.info('memory'))![1]);
      await control.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await control.config('SET', 'maxmemory', String(used + 200_000));
      const filler = 'x'.repeat(10_000);
      for (let i = 0; i < 60; i++) {
        const batch = control.pipeline();
        for (let j = 0; j < 10; j++) batch.set(`filler:${i}:${j}`, filler, 'PX', 2_000);
        await batch.exec();
        await delay(random() * 40);
      }
      await control.config('SET', 'maxmemory', '0');
    },
  },
  flushed: {
    reach: 'bus',
    run: async ({ control }) => {
      await control.flushall();
    },
  },
  'event loop held up': {
    reach: 'bus',
    run: async ({ stallWorker, random }) => {
      await stallWorker(300 + random() * 2_200);
    },
  },
  /** Its outbox holds invalidations that never reached Redis. */
  'instance killed with a full outbox': {
    reach: 'redis',
    run: async ({ redis, killWorker, reviveWorker, random }) => {
      redis.pause();
      await delay(1_200 + random() * 800);
      const worker = await killWorker();
      redis.resume();
      await delay(random() * 500);
      await reviveWorker(worker);
    },
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Every name. */
export const ALL_FAULTS = Object.keys(FAULTS) as FaultName[];
