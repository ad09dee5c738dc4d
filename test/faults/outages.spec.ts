import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer } from '../support/redis-server.js';
import { FaultTable } from './support/fault-report.js';
import { FaultRun } from './support/fault-run.js';
import { type Expected, expectToSurvive } from './support/expect-to-survive.js';

interface Fault extends Expected {
  /** Arguments of `redis-server`. */
  args?: string[];
  password?: string;
  /** Resolves when Redis is well again. */
  run: (redis: RedisServer) => Promise<void>;
}

/** Rows of the fault table: faults of Redis while two instances work on it. */
const faults: Record<string, Fault> = {
  'killed, and back empty after a second': {
    reason: 'refused',
    watchMs: 10_250,
    run: async (redis) => {
      await redis.kill();
      await delay(1_000);
      await redis.restart();
    },
  },
  'restarted from an old snapshot': {
    reason: 'closed',
    run: async (redis) => {
      const snapshot = await redis.snapshot();
      await delay(500);
      await redis.restart({ snapshot });
    },
  },
  'frozen for a second and a half': {
    reason: 'timeout',
    run: async (redis) => {
      redis.pause();
      await delay(1_500);
      redis.resume();
    },
  },
  'CLIENT PAUSE of writes': {
    reason: 'timeout',
    run: async (redis) => (await redis.command('CLIENT', 'PAUSE', 1_000, 'WRITE'), await delay(1_000)),
  },
  'CLIENT PAUSE of everything': {
    reason: 'timeout',
    run: async (redis) => (await redis.command('CLIENT', 'PAUSE', 1_000, 'ALL'), await delay(1_000)),
  },
  'busy for a second': {
    reason: 'timeout',
    args: ['--enable-debug-command', 'yes'],
    run: async (redis) => void (await redis.command('DEBUG', 'SLEEP', 1)),
  },
  'a script that runs for a second (BUSY)': {
    reason: 'BUSY',
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
    reason: 'LOADING',
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
    reason: 'closed',
    run: async (redis) => {
      for (let i = 0; i < 5; i++) {
        await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await delay(200);
      }
    },
  },
  'subscriptions cut every 0.1 s': {
    watchMs: 10_250,
    run: async (redis) => {
      for (let i = 0; i < 15; i++) {
        await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await delay(100);
      }
    },
  },
  'out of memory without eviction': {
    reason: 'OOM',
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
    reason: 'NOREPLICAS',
    run: async (redis) => {
      await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await delay(1_000);
      await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    },
  },
  'unable to save (MISCONF)': {
    reason: 'MISCONF',
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
    reason: 'READONLY',
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
  'a password that was wanted for a while (NOAUTH)': {
    reason: 'NOAUTH',
    run: (redis) => withPassword(redis, 'other', ''),
  },
  'a password that changed and changed back (WRONGPASS)': {
    reason: 'WRONGPASS',
    password: 'first',
    run: (redis) => withPassword(redis, 'other', 'first'),
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

async function withPassword(redis: RedisServer, meanwhile: string, after: string): Promise<void> {
  await redis.command('CONFIG', 'SET', 'requirepass', meanwhile);
  const admin = redis.client({ password: meanwhile });
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await delay(700);
  await admin.config('SET', 'requirepass', after);
  admin.disconnect();
}

describe('two instances under load while Redis is', () => {
  const table = new FaultTable();
  let redis: RedisServer;
  let run: FaultRun;

  afterEach(async () => {
    await run.close();
    await redis.stop();
  });
  afterAll(() => table.print());

  it.each(Object.entries(faults))('%s', async (name, { args, password, ...fault }) => {
    redis = await RedisServer.start({ ...(args && { args }), ...(password && { password }) });
    run = FaultRun.open(redis.url);
    await run.healthy();
    await expectToSurvive(run, table, name, () => fault.run(redis), fault);
  });

  it('not there when they start', async () => {
    redis = await RedisServer.start();
    await redis.kill();
    run = FaultRun.open(redis.url);
    await expectToSurvive(run, table, 'not there when they start', () => redis.restart(), { reason: 'refused' });
  });
});
