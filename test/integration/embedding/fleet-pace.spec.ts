import { SharedPaceWindow } from '../../../src/modules/embedding/providers/upstream/pacing/shared-pace-window.js';
import { Pacer } from '../../../src/modules/embedding/providers/upstream/pacing/pacer.js';
import { PaceWindow } from '../../../src/modules/embedding/providers/upstream/pacing/pace-window.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { RedisServer } from '../../support/redis-server.js';
import { seededRandom } from '../../support/seeded-random.js';
import { FakeClock } from '../../support/fake-clock.js';

const LIMITS = { texts: 100, tokens: 5_000 };
const FAR = 3_600_000;
/** Places closer together than a tenth of a second count as one. */
const TOLERANCE_MS = 2_000;
const signal = new AbortController().signal;

let redis: RedisServer;
let pools: RedisPool[];

beforeAll(async () => {
  redis = await RedisServer.start();
  pools = [createRedisPool(redis.url), createRedisPool(redis.url)];
  await Promise.all(pools.map((pool) => pool.monitor.waitUntilUp(60_000)));
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await redis.stop();
});

let quotas = 0;
/** The same quota as two instances see it. */
function instances(limits = LIMITS) {
  const owner = { provider: 'google', origin: 'http://upstream', model: `m${++quotas}` };
  return pools.map((pool) => new SharedPaceWindow({ pool, namespace: 'paced' }, owner, limits));
}

it('two instances get the places that one alone would give', async () => {
  const random = seededRandom(7);
  const fleet = instances();
  const alone = new PaceWindow(LIMITS);
  for (let call = 0; call < 60; call++) {
    const cost = { texts: 1 + Math.floor(random() * 120), tokens: Math.floor(random() * 3_000) };
    const shared = (await fleet[call % 2]!.reserve(cost, FAR))!;
    const own = alone.reserve(cost, performance.now(), FAR);
    expect(shared.isReserved).toBe(true);
    expect(Math.abs(shared.waitMs - own.waitMs)).toBeLessThan(TOLERANCE_MS);
  }
});

it('a call that would wait too long takes nothing from the quota', async () => {
  const [one, two] = instances();
  await one!.reserve({ texts: 100, tokens: 1 }, 0);
  const refused = await two!.reserve({ texts: 50, tokens: 1 }, 1_000);
  expect(refused).toMatchObject({ isReserved: false });
  expect(refused!.waitMs).toBeGreaterThan(40_000);
  const next = await one!.reserve({ texts: 100, tokens: 1 }, FAR);
  expect(next!.waitMs).toBeLessThanOrEqual(60_000);
});

it('a pause that an upstream asks of one instance holds for the other', async () => {
  const [one, two] = instances();
  await one!.pause(37_000);
  const { waitMs } = (await two!.reserve({ texts: 1, tokens: 1 }, FAR))!;
  expect(waitMs).toBeGreaterThan(20_000);
  expect(waitMs).toBeLessThanOrEqual(37_000);
});

it('a limit of one kind leaves the other free', async () => {
  const [one, two] = instances({ texts: 10, tokens: Number.POSITIVE_INFINITY });
  expect(await one!.reserve({ texts: 10, tokens: 1e9 }, FAR)).toEqual({ isReserved: true, waitMs: 0 });
  expect((await two!.reserve({ texts: 1, tokens: 1 }, FAR))!.waitMs).toBeGreaterThan(40_000);
});

it('nothing of a quota is left behind when its minute is over', async () => {
  const [one] = instances();
  await one!.reserve({ texts: 1, tokens: 1 }, FAR);
  const keys = (await redis.command('KEYS', 'paced:pace:*')) as string[];
  const lifetimes = await Promise.all(keys.map((key) => redis.command('PTTL', key)));
  expect(keys.length).toBeGreaterThan(0);
  for (const ms of lifetimes) expect(Number(ms)).toBeGreaterThan(0);
});

it('while Redis is away an instance keeps to the quota by itself, from its last knowledge', async () => {
  const pool = createRedisPool(redis.url);
  await pool.monitor.waitUntilUp(60_000);
  const clock = FakeClock.skippingWaits();
  const pacer = new Pacer(
    LIMITS,
    clock,
    new SharedPaceWindow({ pool, namespace: 'paced' }, { provider: 'p', origin: 'o', model: 'away' }, LIMITS),
  );
  await pacer.acquire({ texts: 100, tokens: 1 }, FAR, signal);
  await pool.close();
  await expect(pacer.acquire({ texts: 1, tokens: 1 }, 1_000, signal)).rejects.toMatchObject({ kind: 'rate-limited' });
  await pacer.acquire({ texts: 1, tokens: 1 }, FAR, signal);
  expect(clock.nowMs()).toBe(60_000);
});
