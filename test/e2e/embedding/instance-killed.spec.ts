import OpenAI from 'openai';
import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { ServiceProcess } from '../../support/service-process.js';
import { TEST_TOKEN } from '../../support/test-app.js';

const TEXTS = 2_000;
const BATCH = 100;
/** Calls one request makes at once. */
const CALLS_AT_ONCE = 4;

let upstream: EmbeddingUpstream;
let redis: RedisServer;
const services: ServiceProcess[] = [];

async function start(): Promise<{ service: ServiceProcess; embed: (input: string[]) => Promise<string[]> }> {
  const service = ServiceProcess.spawn({ ...upstream.googleEnv, REDIS_URL: redis.url, LOG_LEVEL: 'silent' });
  services.push(service);
  const client = new OpenAI({ baseURL: `${await service.url()}/v1`, apiKey: TEST_TOKEN, maxRetries: 0 });
  const embed = async (input: string[]) => {
    const { data } = await client.embeddings.create({ model: 'gemini-embedding-2', input, encoding_format: 'base64' });
    return data.map(({ embedding }) => embedding as unknown as string);
  };
  return { service, embed };
}

beforeAll(async () => {
  [upstream, redis] = await Promise.all([EmbeddingUpstream.start({ delayMs: 200 }), RedisServer.start()]);
});
afterAll(async () => {
  for (const service of services) service.kill('SIGKILL');
  await Promise.all(services.map(({ exited }) => exited));
  await upstream.stop();
  await redis.stop();
});

it('a job on an instance that is killed is finished by another, which pays only for the calls that were under way', async () => {
  const [killed, heir] = [await start(), await start()];
  const input = Array.from({ length: TEXTS }, (_, index) => `job ${index}`);
  const lost = killed.embed(input).catch((error: unknown) => error);
  const stored = async () => ((await redis.command('KEYS', '*:v:embeddings/*')) as string[]).length;
  // Leases have slots too, so more slots than the batches under way show that batches are done.
  await eventually(async () => expect(await stored()).toBeGreaterThan(2 * CALLS_AT_ONCE * BATCH));
  killed.service.kill('SIGKILL');
  expect(await lost).toBeInstanceOf(OpenAI.APIConnectionError);
  await killed.service.exited;
  const paidBefore = (await upstream.stats()).texts;
  expect(paidBefore).toBeLessThan(TEXTS);

  const vectors = await heir.embed(input);
  expect(new Set(vectors).size).toBe(TEXTS);
  const { texts } = await upstream.stats();
  expect(texts).toBeLessThanOrEqual(TEXTS + CALLS_AT_ONCE * BATCH);
  expect(await heir.embed(input)).toEqual(vectors);
  expect((await upstream.stats()).texts).toBe(texts);
});
