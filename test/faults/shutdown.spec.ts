import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cache, createCache } from '../../src/modules/cache/index.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { ServiceProcess } from '../support/service-process.js';
import { printFigures } from './support/figures.js';
import { coherentCaches } from '../support/coherent-caches.js';

const ADMIN_TOKEN = 'token-of-an-operator';
/** Time that a supervisor gives a process before it kills it. It is less than the sum of the service's own limits. */
const GRACE_MS = 10_000;

describe('a service that is told to end with invalidations unsent', () => {
  const services: ServiceProcess[] = [];
  let redis: RedisServer;
  let other: Cache;

  beforeEach(async () => {
    redis = await RedisServer.start();
    other = createCache({ redis: redis.url, ttlMs: 600_000 });
    await isWell();
  });
  afterEach(async () => {
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.splice(0).map(({ exited }) => exited));
    await other.close();
    await redis.stop();
  });

  const isWell = () => eventually(() => expect(other.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
  const seenBy = async (cache: Cache) => [...(await cache.getMany(['k', 'tagged'])).keys()].toSorted();

  /** The values that an instance which begins now would serve: it knows only the content of Redis. */
  async function stored(): Promise<string[]> {
    const [cache] = await coherentCaches(redis, { memory: false });
    const found = await seenBy(cache);
    await cache.close();
    return found;
  }

  async function start(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
    const service = ServiceProcess.spawn({ REDIS_URL: redis.url, ADMIN_TOKEN, ...env });
    services.push(service);
    await service.url();
    return service;
  }

  /** Has the service invalidate the stored entries while Redis is away. Resolves to the content that Redis had. */
  async function queueOn(service: ServiceProcess): Promise<string> {
    await eventually(async () =>
      expect(await (await fetch(`${await service.url()}/health`)).json()).toMatchObject({ status: 'ok' }),
    );
    await other.set('k', 'old');
    await other.set('tagged', 'old', { tags: ['t'] });
    expect(await stored()).toEqual(['k', 'tagged']);
    const snapshot = await redis.snapshot();
    await redis.kill();
    for (const what of [{ key: 'k' }, { tag: 't' }]) {
      const reply = await fetch(`${await service.url()}/admin/cache/invalidate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
        body: JSON.stringify(what),
      });
      expect(await reply.json()).toMatchObject({ status: 'queued' });
    }
    return snapshot;
  }

  it('ends in time without Redis, and the next process sends the invalidations of its file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'larder-shutdown-'));
    const file = join(directory, 'outbox.jsonl');
    const ending = await start({ CACHE_OUTBOX_FILE: file });
    const snapshot = await queueOn(ending);

    const toldAtMs = performance.now();
    ending.kill('SIGTERM');
    expect(await ending.exited).toBe(0);
    const endedMs = Math.round(performance.now() - toldAtMs);
    printFigures('SIGTERM without Redis, outbox in a file', { endedMs });
    expect(endedMs).toBeLessThan(GRACE_MS);
    const kept = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(kept.join()).toMatch(/"keys":\["k"\][^]*"hard"/);

    await redis.restart({ snapshot });
    expect(await stored()).toEqual(['k', 'tagged']);
    await start({ CACHE_OUTBOX_FILE: file });
    await eventually(async () => expect(await stored()).toEqual([]), { intervalMs: 100 });
    await isWell();
    expect(await seenBy(other)).toEqual([]);
    await eventually(() => expect(readdirSync(directory)).toEqual([]));
    rmSync(directory, { recursive: true });
  });

  it('sends them when Redis returns just then, so that others serve nothing old', async () => {
    const ending = await start();
    const snapshot = await queueOn(ending);

    ending.kill('SIGTERM');
    await redis.restart({ snapshot });
    expect(await ending.exited).toBe(0);
    await isWell();
    expect(await stored()).toEqual([]);
    expect(await seenBy(other)).toEqual([]);
  });
});
