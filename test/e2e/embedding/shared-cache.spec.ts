import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { redisUp } from '../../support/redis-up.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

let upstream: EmbeddingUpstream;
let redis: RedisServer;
const apps: TestApp[] = [];

async function start(env: NodeJS.ProcessEnv = {}): Promise<TestApp> {
  const app = await startApp({ ...upstream.googleEnv, REDIS_URL: redis.url, ...env });
  apps.push(app);
  await redisUp(app);
  return app;
}

function post({ url }: TestApp, input: readonly string[]): Promise<Response> {
  return fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input, encoding_format: 'base64' }),
  });
}

async function embed(app: TestApp, input: readonly string[]) {
  const answer = await post(app, input);
  const { data, usage } = (await answer.json()) as { data: { embedding: string }[]; usage: object };
  return { status: answer.status, headers: answer.headers, vectors: data.map(({ embedding }) => embedding), usage };
}

const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisServer.start()]);
});
beforeEach(async () => {
  await upstream.reset();
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await upstream.stop();
  await redis.stop();
});

describe('two instances on one Redis', () => {
  it('share vectors that either has computed', async () => {
    const [one, two] = [await start(), await start()];
    const miss = await embed(one, ['shared']);
    const hit = await embed(two, ['shared']);
    expect(hit.vectors).toEqual(miss.vectors);
    expect(hit.usage).toEqual(miss.usage);
    expect(hit.headers.get('x-embed-cache')).toBe('HIT');
    expect((await upstream.stats()).texts).toBe(1);
  });

  it('still hit when both were restarted', async () => {
    const before = [await start(), await start()];
    const { vectors } = await embed(before[0]!, texts('kept', 20));
    await Promise.all(apps.splice(0).map((app) => app.close()));
    for (const app of [await start(), await start()]) {
      const after = await embed(app, texts('kept', 20));
      expect(after.headers.get('x-embed-cache')).toBe('HIT');
      expect(after.vectors).toEqual(vectors);
    }
    expect((await upstream.stats()).texts).toBe(20);
  });
});

describe('a Redis that keeps its data', () => {
  it('gives it back after it was restarted, to instances that were restarted too', async () => {
    const { vectors } = await embed(await start(), texts('persisted', 20));
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await redis.restart({ keepData: true });
    const after = await embed(await start(), texts('persisted', 20));
    expect(after.headers.get('x-embed-cache')).toBe('HIT');
    expect(after.vectors).toEqual(vectors);
    expect((await upstream.stats()).texts).toBe(20);
  });
});

describe('the quota of a minute', () => {
  it('is one for all instances', async () => {
    const env = { EMBEDDING_UPSTREAM_TEXTS_PER_MINUTE: '10', EMBEDDING_UPSTREAM_BUDGET: '2s' };
    const [one, two] = [await start(env), await start(env)];
    expect((await embed(one, texts('paced', 6))).status).toBe(200);
    expect((await embed(two, texts('also paced', 4))).status).toBe(200);
    for (const app of [one, two]) {
      const answer = await post(app, ['one too many']);
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
      expect((await embed(app, texts('paced', 6))).headers.get('x-embed-cache')).toBe('HIT');
    }
    expect((await upstream.stats()).texts).toBe(10);
  });
});

describe('a batch', () => {
  it('of 100 with 60 known asks for the other 40, once, and keeps the order', async () => {
    const app = await start();
    const known = await embed(app, texts('known', 60));
    await upstream.reset();
    const unknown = texts('unknown', 40);
    const mixed = texts('known', 60).flatMap((text, index) => (index < 40 ? [unknown[index]!, text] : [text]));
    const { vectors, headers } = await embed(app, mixed);

    expect(await upstream.stats()).toMatchObject({ calls: 1, texts: 40, batchSizes: [40] });
    expect(Object.keys((await upstream.stats()).textCounts).sort()).toEqual([...unknown].sort());
    expect(mixed.flatMap((text, index) => (text.startsWith('known') ? [vectors[index]] : []))).toEqual(known.vectors);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-embed-cache': 'PARTIAL',
      'x-embed-hits': '60',
      'x-embed-misses': '40',
    });
  });

  it('of 250 is asked for in batches of at most 100', async () => {
    await embed(await start(), texts('many', 250));
    expect([...(await upstream.stats()).batchSizes].sort((a, b) => b - a)).toEqual([100, 100, 50]);
  });
});

describe('when Redis is killed', () => {
  it('every request succeeds, and hits come back with it', async () => {
    const app = await start();
    await embed(app, ['before']);
    await redis.kill();
    for (const input of [['before'], ['during one'], ['during two', 'before']]) {
      expect((await embed(app, input)).status).toBe(200);
    }
    await redis.restart();
    const fresh = await start();
    await eventually(async () => {
      await embed(app, [`back ${Math.random()}`, 'shared again']);
      expect((await embed(fresh, ['shared again'])).headers.get('x-embed-cache')).toBe('HIT');
      const keys = (await redis.command('KEYS', '*embeddings*')) as string[];
      expect(keys.length).toBeGreaterThan(0);
    });
  });
});

describe('the entries in Redis', () => {
  it('tells models and widths apart and nothing of the texts', async () => {
    await embed(await start(), ['top secret text']);
    const keys = (await redis.command('KEYS', '*')) as string[];
    const vectors = keys.filter((key) => key.includes(':v:'));
    expect(vectors).toEqual([expect.stringMatching(/embeddings\/shared\/gemini-embedding-2:v1:768:[\w-]{43}$/)]);
    const size = Number(await redis.command('STRLEN', vectors[0]!));
    expect(size).toBeGreaterThanOrEqual(768 * 4);
    expect(size).toBeLessThan(768 * 4 + 300);
    for (const key of keys) {
      const dump = JSON.stringify([key, await redis.command('DUMP', key)]);
      expect(dump).not.toContain('secret');
    }
  });

  it('may be bytes that are no vector: they are a miss', async () => {
    const app = await start();
    const { vectors } = await embed(app, ['overwritten']);
    const [key] = (await redis.command('KEYS', '*gemini-embedding-2:*')) as string[];
    await redis.command('SET', key!, 'not a vector');
    const fresh = await start();
    const answer = await embed(fresh, ['overwritten']);
    expect(answer.status).toBe(200);
    expect(answer.vectors).toEqual(vectors);
  });
});
