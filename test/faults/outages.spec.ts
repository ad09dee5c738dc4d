import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer } from '../support/redis-server.js';
import { FaultRun } from './support/fault-run.js';

/** Rows of the fault table: what happens to Redis while two instances work on it. */
const faults: Record<string, { args?: string[]; run: (redis: RedisServer) => Promise<void> }> = {
  'killed, and back empty after a second': {
    run: async (redis) => {
      await redis.kill();
      await delay(1_000);
      await redis.restart();
    },
  },
  'restarted from an old snapshot': {
    run: async (redis) => {
      const snapshot = await redis.snapshot();
      await delay(500);
      await redis.restart({ snapshot });
    },
  },
  'frozen for a second and a half': {
    run: async (redis) => {
      redis.pause();
      await delay(1_500);
      redis.resume();
    },
  },
  'CLIENT PAUSE of writes': {
    run: async (redis) => void (await redis.command('CLIENT', 'PAUSE', 1_000, 'WRITE'), await delay(1_000)),
  },
  'CLIENT PAUSE of everything': {
    run: async (redis) => void (await redis.command('CLIENT', 'PAUSE', 1_000, 'ALL'), await delay(1_000)),
  },
  'busy for a second': {
    args: ['--enable-debug-command', 'yes'],
    run: async (redis) => void (await redis.command('DEBUG', 'SLEEP', 1)),
  },
  'a script that runs for a second (BUSY)': {
    args: ['--lua-time-limit', '50'],
    run: async (redis) => {
      const [busy, other] = [redis.client(), redis.client()];
      await other.ping();
      const script = busy.eval('while true do end', 0).catch((error: Error) => error.message);
      await delay(1_000);
      await other.script('KILL');
      expect(await script).toContain('killed');
    },
  },
  'restarted with much to load (LOADING)': {
    // Half a millisecond a key, and answers in between.
    args: [
      '--enable-debug-command',
      'yes',
      '--key-load-delay',
      '500',
      '--loading-process-events-interval-bytes',
      '1024',
    ],
    run: async (redis) => {
      await redis.command('DEBUG', 'POPULATE', 3_000);
      await redis.restart({ keepData: true });
    },
  },
  'data connections reset five times a second': {
    run: async (redis) => {
      for (let i = 0; i < 5; i++) {
        await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await delay(200);
      }
    },
  },
  'subscriptions cut every 0.1 s': {
    run: async (redis) => {
      for (let i = 0; i < 15; i++) {
        await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await delay(100);
      }
    },
  },
  'out of memory without eviction': {
    args: ['--maxmemory-policy', 'noeviction'],
    run: async (redis) => {
      await redis.command('CONFIG', 'SET', 'maxmemory', '1');
      await delay(1_000);
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    },
  },
  'every key evicted, again and again': {
    args: ['--maxmemory-policy', 'allkeys-lru'],
    run: async (redis) => {
      for (let i = 0; i < 10; i++) {
        await redis.command('CONFIG', 'SET', 'maxmemory', '1');
        await redis.command('CONFIG', 'SET', 'maxmemory', '0');
        await delay(100);
      }
    },
  },
  'too few replicas to write': {
    run: async (redis) => {
      await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await delay(1_000);
      await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    },
  },
  'unable to save (MISCONF)': {
    args: ['--save', '3600 1', '--dbfilename', 'taken'],
    run: async (redis) => {
      // A directory stands where the file should go.
      await mkdir(join(redis.directory, 'taken'));
      await redis.command('BGSAVE');
      await delay(1_000);
      await rmdir(join(redis.directory, 'taken'));
      await redis.command('BGSAVE');
    },
  },
  'demoted to a replica (READONLY)': {
    run: async (redis) => {
      await redis.command('REPLICAOF', '127.0.0.1', 1);
      await delay(1_000);
      await redis.command('REPLICAOF', 'NO', 'ONE');
    },
  },
  'scripts forgotten': {
    run: async (redis) => {
      for (let i = 0; i < 5; i++) {
        await redis.command('SCRIPT', 'FLUSH');
        await delay(100);
      }
    },
  },
  'a password that changed and changed back': {
    run: async (redis) => {
      await redis.command('CONFIG', 'SET', 'requirepass', 'other');
      const admin = redis.client({ password: 'other' });
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await delay(700);
      await admin.config('SET', 'requirepass', '');
      admin.disconnect();
    },
  },
  FLUSHALL: {
    run: async (redis) => {
      for (let i = 0; i < 5; i++) {
        await redis.command('FLUSHALL');
        await delay(100);
      }
    },
  },
};

describe('two instances under load while Redis is', () => {
  let redis: RedisServer;
  let run: FaultRun;

  afterEach(async () => {
    await run.close();
    await redis.stop();
  });

  it.each(Object.entries(faults))(
    '%s',
    async (name, { args, run: inject }) => {
      redis = await RedisServer.start(args === undefined ? {} : { args });
      run = FaultRun.open(redis);
      await run.healthy();
      const { stale, ...figures } = await run.through(() => inject(redis));
      process.stdout.write(`${JSON.stringify({ fault: name, ...figures, stale: stale.length })}\n`);
      expect(stale).toEqual([]);
      expect(figures.failures).toBe(0);
    },
    60_000,
  );

  it('not there when they start', async () => {
    redis = await RedisServer.start();
    await redis.kill();
    run = FaultRun.open(redis);
    const { stale, failures } = await run.through(() => redis.restart());
    expect([stale, failures]).toEqual([[], 0]);
  }, 60_000);
});
