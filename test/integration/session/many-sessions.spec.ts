import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/common/clock.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { createSessionBackend } from '../../../src/modules/session/session-backend.js';
import { sessionConfig } from '../../../src/modules/session/session.config.js';
import { RedisSessionStore } from '../../../src/modules/session/stores/redis.session-store.js';
import { RevocationJournal } from '../../../src/modules/session/stores/revocation-journal.js';
import { SessionScripts } from '../../../src/modules/session/stores/session-scripts.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const HOUR_MS = 3_600_000;
const LIFETIME = { idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: HOUR_MS };
const SESSIONS = 20_000;
/** Redis runs some hundreds of thousand commands of a script in a second, so these take about a millisecond. */
const MAX_COMMANDS_OF_A_SCRIPT = 1_000;

/** Sessions of one user, made as the scripts make them. */
const SEED = `
local time = redis.call('TIME')
local now = time[1] * 1000
local ends = string.format('%.0f', now + 3600000)
for i = 1, tonumber(ARGV[1]) do
  local id = ARGV[2] .. i
  redis.call('HSET', '{test}:s:' .. id, 'user', 'ada', 'data', '{}', 'version', 1, 'created', string.format('%.0f', now), 'seen',
    string.format('%.0f', now), 'expires', ends, 'absolute', ends, 'idle', '', 'client', '')
  redis.call('ZADD', '{test}:all', ends, id)
  redis.call('ZADD', '{test}:u:' .. redis.sha1hex('ada'), ends, id)
  redis.call('ZADD', '{test}:expiring', ends, id)
end`;

/** Ids of sessions that are past and long gone, as an older version left them. */
const SEED_PAST = `
for i = 1, tonumber(ARGV[1]) do
  redis.call('ZADD', '{test}:all', i, ARGV[2] .. i)
  redis.call('ZADD', '{test}:u:' .. redis.sha1hex('ada'), i, ARGV[2] .. i)
end`;

describe('many sessions in Redis', () => {
  let redis: RedisServer;
  let pool: RedisPool;
  let store: RedisSessionStore;
  beforeEach(async () => {
    redis = await RedisServer.start();
    pool = createRedisPool(redis.url);
    await pool.monitor.waitUntilUp(60_000);
    const scripts = new SessionScripts({ pool, namespace: 'test', clock: systemClock });
    store = new RedisSessionStore(scripts, LIFETIME, new RevocationJournal(HOUR_MS, systemClock));
  });
  afterEach(async () => {
    await pool.close();
    await redis.stop();
  });

  const seed = async (script: string, count: number) => {
    for (let done = 0; done < count; done += 10_000) await redis.command('EVAL', script, '0', '10000', `${done}-`);
  };
  /** Calls since the last reset: of scripts, and of commands by scripts. */
  const calls = async () => {
    const stats = String(await redis.command('INFO', 'commandstats'));
    const counts = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(
      ([, name, count]) => [name!, Number(count)] as const,
    );
    const sum = (of: (name: string) => boolean) =>
      counts.filter(([name]) => of(name)).reduce((total, [, count]) => total + count, 0);
    const isScript = (name: string) => name === 'evalsha' || name === 'eval';
    return { scripts: sum(isScript), commands: sum((name) => !isScript(name)) };
  };

  const callsOf = async (work: () => Promise<unknown>) => {
    await redis.command('CONFIG', 'RESETSTAT');
    await work();
    return calls();
  };

  it('are listed and ended in scripts that look at a hundred each', async () => {
    await seed(SEED, SESSIONS);
    for (const work of [
      async () => expect(await store.list({ userId: 'ada' })).toHaveLength(SESSIONS),
      async () => expect(await store.list('everyone')).toHaveLength(SESSIONS),
      async () => expect((await store.revokeAll({ userId: 'ada' })).count).toBe(SESSIONS),
    ]) {
      const { scripts, commands } = await callsOf(work);
      expect(scripts).toBeGreaterThanOrEqual(SESSIONS / 100);
      expect(commands / scripts).toBeLessThan(MAX_COMMANDS_OF_A_SCRIPT);
    }
    expect(await store.list('everyone')).toEqual([]);
  });

  it('that are past cost a new one nothing, and are deleted in small steps', async () => {
    await seed(SEED_PAST, 100_000);
    const { commands } = await callsOf(() => store.create({ id: randomUUID(), userId: 'ada', data: {} }));
    expect(commands).toBeLessThan(50);
    const left = Number(await redis.command('ZCARD', '{test}:all'));
    expect(left).toBeGreaterThan(99_900);
    const sweep = await callsOf(async () => expect(await store.sweep(100)).toMatchObject({ hasMore: true }));
    expect(sweep.commands).toBeLessThan(MAX_COMMANDS_OF_A_SCRIPT);
    expect(Number(await redis.command('ZCARD', '{test}:all'))).toBe(left - 100);
  });

  it('are ended again in batches when Redis has lost that they were', async () => {
    const backend = createSessionBackend({ config: sessionConfig.parse({}), namespace: 'test', pool, database: null });
    const ids = Array.from({ length: 3_000 }, () => randomUUID());
    const snapshot = await redis.snapshot();
    await Promise.all(ids.map((id) => backend.store.revoke(id)));
    await redis.restart({ snapshot });
    await eventually(() => expect(pool.monitor.state).toBe('up'));
    // The server is new, so it counts from the restart on.
    const { scripts, commands } = await calls();
    expect(scripts).toBeGreaterThanOrEqual(ids.length / 100);
    expect(scripts).toBeLessThan(ids.length / 10);
    expect(commands / ids.length).toBeLessThan(6);
    for (const id of ids) expect(await backend.store.create({ id, userId: 'ada', data: {} })).toBeUndefined();
    await backend.close();
  });
});
