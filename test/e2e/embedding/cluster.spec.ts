import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { redisUp } from '../../support/redis-up.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

const ADMIN_TOKEN = 'an-operator-token-of-some-length';
const TEXTS = Array.from({ length: 200 }, (_, index) => `clustered ${index}`);

let upstream: EmbeddingUpstream;
let redis: RedisCluster;
let apps: TestApp[];

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisCluster.start()]);
  const env = {
    ...upstream.googleEnv,
    REDIS_CLUSTER_NODES: redis.source.cluster.map(({ host, port }) => `${host}:${port}`).join(','),
    ADMIN_TOKEN,
    EMBEDDING_UPSTREAM_TEXTS_PER_MINUTE: '300',
    EMBEDDING_UPSTREAM_BUDGET: '2s',
  };
  apps = await Promise.all([startApp(env), startApp(env)]);
  await Promise.all(apps.map(redisUp));
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await upstream.stop();
  await redis.stop();
});

async function embed(app: TestApp, input: string[], headers: Record<string, string> = {}) {
  const answer = await fetch(`${app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input, encoding_format: 'base64', dimensions: 128 }),
  });
  const { data = [] } = (await answer.json()) as { data?: { embedding: string }[] };
  return {
    status: answer.status,
    cache: answer.headers.get('x-embed-cache'),
    vectors: data.map(({ embedding }) => embedding),
  };
}

async function admin(path: string, body?: string, type = 'application/json'): Promise<string> {
  const answer = await fetch(`${apps[0]!.url}/admin/embeddings${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...(body === undefined ? {} : { 'content-type': type }) },
    body,
  });
  return answer.text();
}

describe('on a Redis Cluster', () => {
  it('instances share vectors, whichever node holds them', async () => {
    const miss = await embed(apps[0]!, TEXTS);
    expect(await embed(apps[1]!, TEXTS)).toEqual({ ...miss, cache: 'HIT' });
    const holders = await Promise.all(
      (await redis.masters()).map(async (node) => (await node.command('KEYS', '*:v:embeddings/*')) as string[]),
    );
    expect(holders.filter((keys) => keys.length > 0)).toHaveLength(3);
    expect((await upstream.stats()).texts).toBe(TEXTS.length);
  });

  it('purge, export and import reach the vectors of every node of a Cluster', async () => {
    const { vectors } = await embed(apps[0]!, TEXTS.slice(0, 50), { 'x-embed-namespace': 'docs' });
    expect(await admin('/purge', '{"model":"gemini-embedding-2","isDryRun":true}')).toContain('"vectors":250');
    expect(await admin('/purge', '{"namespace":"docs","isDryRun":true}')).toContain('"vectors":50');
    const archive = await admin('/export');
    const keys = archive
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { key: string }).key);
    expect(new Set(keys).size).toBe(250);

    await admin('/purge', '{"model":"gemini-embedding-2"}');
    expect(JSON.parse(await admin('/import', archive, 'application/x-ndjson'))).toMatchObject({
      imported: keys.length,
      failed: 0,
      refusedLines: [],
    });
    const again = await embed(apps[1]!, TEXTS.slice(0, 50), { 'x-embed-namespace': 'docs' });
    expect(again).toEqual({ status: 200, cache: 'HIT', vectors });
    expect((await embed(apps[1]!, TEXTS)).cache).toBe('HIT');
    expect((await upstream.stats()).texts).toBe(250);
  });

  it('the quota of a minute is one for all instances', async () => {
    expect(
      (
        await embed(
          apps[1]!,
          TEXTS.slice(0, 50).map((text) => `paced ${text}`),
        )
      ).status,
    ).toBe(200);
    for (const app of apps) expect((await embed(app, ['one too many'])).status).toBe(429);
    expect((await upstream.stats()).texts).toBe(300);
  });
});
