import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { ServiceProcess } from '../../support/service-process.js';
import { TEST_TOKEN } from '../../support/test-app.js';

/** Of a caller with the token of the service. */
const OPERATOR = { authorization: `Bearer ${TEST_TOKEN}` };

const embed = (url: string, text: string) =>
  fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer canary-api-key' },
    body: JSON.stringify({ model: 'local', input: text }),
  });

describe('the service as a process', () => {
  it('drains on SIGTERM: no request under way fails, new ones go elsewhere, it exits 0', async () => {
    const redis = await RedisServer.start();
    const service = ServiceProcess.spawn({ REDIS_URL: redis.url });
    const url = await service.url();
    await embed(url, 'load the model');
    const statuses: number[] = [];
    let refused = 0;
    let isOver = false;
    const client = async () => {
      for (let index = 0; !isOver; index += 1) {
        const outcome = await embed(url, `text ${index % 50}`).then(
          async (reply) => (await reply.arrayBuffer(), reply.status),
          // Refused before it was sent: a balancer takes it to another instance.
          (error: Error & { cause?: NodeJS.ErrnoException }) => error.cause?.code ?? 'failed',
        );
        if (typeof outcome === 'number') statuses.push(outcome);
        else if (outcome === 'ECONNREFUSED') isOver = true;
        else refused += 1;
        await turn();
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    await eventually(() => expect(statuses.length).toBeGreaterThan(50));
    service.kill('SIGTERM');
    await clients;
    expect(await service.exited).toBe(0);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(refused).toBe(0);
    // Background work does not fail on caches that are closed by then.
    expect(service.stdout).not.toContain('"context":"Unhandled"');
    await redis.stop();
  });

  it('writes no text, key, password or query into its log, whatever happens', async () => {
    const service = ServiceProcess.spawn({
      LOG_LEVEL: 'trace',
      // A raw @ in a password, as people paste them.
      REDIS_URL: 'redis://canary-user:canary@canary-password@127.0.0.1:1',
      DATABASE_URL: 'postgres://canary-user:canary@canary-password@127.0.0.1:1/name',
      ADMIN_TOKEN: 'canary-admin-token',
    });
    const url = await service.url();
    await embed(url, 'canary-text');
    await fetch(`${url}/documents?q=canary-query`);
    await fetch(`${url}/canary-path?key=canary-query`, { headers: { cookie: 'sid=canary-cookie' } });
    await fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"input": canary-broken',
    });
    await fetch(`${url}/admin/cache/stats`, { headers: { authorization: 'Bearer canary-wrong-token' } });
    await eventually(() => expect(service.stdout.match(/"context":"Http"/g)?.length).toBe(5));
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    expect(service.stdout + service.stderr).not.toContain('canary');
    for (const line of service.stdout.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
  });

  it('makes its token at the first start, names the file and never the token, and lets only its user read its files', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'larder-data-'));
    const env = { LARDER_TOKEN: '', DATA_DIR: dir, DATABASE_DIR: join(dir, 'pglite'), LOG_LEVEL: 'trace' };
    const tokens: string[] = [];
    for (let start = 0; start < 2; start += 1) {
      const service = ServiceProcess.spawn(env);
      const url = await service.url();
      const token = readFileSync(join(dir, 'token'), 'utf8').trim();
      tokens.push(token);
      const authorization = `Bearer ${token}`;
      expect((await fetch(`${url}/metrics`)).status).toBe(401);
      expect((await fetch(`${url}/metrics`, { headers: { authorization } })).status).toBe(200);
      const signIn = await fetch(`${url}/admin/sign-in`, { method: 'POST', headers: { authorization } });
      expect(signIn.status).toBe(204);
      // Opens the database.
      expect((await fetch(`${url}/documents`)).status).toBe(200);
      const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
      expect(files.length).toBeGreaterThan(100);
      const open = files.filter((file) => (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077);
      expect(open).toEqual([]);
      service.kill('SIGTERM');
      expect(await service.exited).toBe(0);
      expect(service.stderr).toContain(join(dir, 'token'));
      expect(service.stdout + service.stderr).not.toContain(token);
    }
    expect(new Set(tokens).size).toBe(1);
    rmSync(dir, { recursive: true, force: true });
  });

  it('goes on when a promise is rejected unnoticed, and counts it', async () => {
    const service = ServiceProcess.spawn({}, [
      '--import',
      'data:text/javascript,process.on("SIGUSR2",()=>{Promise.reject(new Error("nobody caught me"))})',
    ]);
    const url = await service.url();
    service.kill('SIGUSR2');
    await eventually(async () =>
      expect(await (await fetch(`${url}/metrics`, { headers: OPERATOR })).text()).toContain(
        'larder_unhandled_errors_total 1',
      ),
    );
    expect(service.stdout).toContain('nobody caught me');
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  it('does not start with a configuration that can not be meant, and says which lines to change', async () => {
    const service = ServiceProcess.spawn({ PORT: '70000', REDIS_URL: 'ftp://canary' });
    expect(await service.exited).toBe(78);
    expect(service.stderr).toMatch(/PORT: .*\n.*REDIS_URL: /);
    expect(service.stderr).not.toContain('canary');
  });

  it('starts without the Redis it was given', async () => {
    const service = ServiceProcess.spawn({ REDIS_URL: 'redis://127.0.0.1:1' });
    const url = await service.url();
    expect((await embed(url, 'x')).status).toBe(200);
    expect(await (await fetch(`${url}/health`, { headers: OPERATOR })).json()).toMatchObject({
      status: 'degraded',
      details: { redis: { state: 'down', reason: 'refused' } },
    });
    expect(service.stdout).toContain('Redis down (refused): working without Redis');
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});
