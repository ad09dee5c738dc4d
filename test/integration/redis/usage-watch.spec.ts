import { ConsoleLogger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { redisConfig, RedisModule, RedisStatusService, UsageWatcher } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

class RecordingLogger extends ConsoleLogger {
  readonly lines: string[] = [];
  protected override printMessages(messages: unknown[], _context?: string, level = 'log'): void {
    this.lines.push(...messages.map((message) => `${level}: ${String(message)}`));
  }
}

describe('watching memory and eviction', () => {
  let redis: RedisServer;
  let app: TestingModule | undefined;
  let logger: RecordingLogger;

  beforeEach(async () => {
    redis = await RedisServer.start({ args: ['--maxmemory', '8mb', '--maxmemory-policy', 'allkeys-lru'] });
  });
  afterEach(async () => {
    await app?.close();
    await redis.stop();
  });

  async function boot(env: NodeJS.ProcessEnv = {}): Promise<TestingModule> {
    logger = new RecordingLogger();
    app = await Test.createTestingModule({
      imports: [
        AppConfigModule.forRoot({ REDIS_URL: redis.url, REDIS_MEMORY_POLL: '50ms', ...env }, [redisConfig]),
        RedisModule,
      ],
    })
      .setLogger(logger)
      .compile();
    app.useLogger(logger);
    return app;
  }
  const codes = (watcher: UsageWatcher) =>
    watcher.warnings.map(({ code, about }) => (about ? `${code} ${about}` : code));
  const fill = (count: number) =>
    redis.command('EVAL', "for i = 1, ARGV[1] do redis.call('SET', 'k' .. i, string.rep('x', 10000)) end", 0, count);

  it('warns once when the policy may evict keys that must stay', async () => {
    await boot();
    const watcher = app!.get(UsageWatcher);
    watcher.protect({ name: 'sessions', hasTtl: true, consequence: 'users are logged out.' });
    await app!.init();
    await eventually(() => expect(codes(watcher)).toEqual(['policy-evicts sessions']));
    const { usage } = watcher;
    await eventually(() => expect(watcher.usage).not.toBe(usage));
    expect(logger.lines.filter((line) => line.includes('may evict sessions'))).toEqual([
      'warn: maxmemory-policy allkeys-lru may evict sessions: users are logged out.',
    ]);
  });

  it('warns when it fills up, and when keys are evicted', async () => {
    await boot({ REDIS_MEMORY_WARN: '0.5', REDIS_MEMORY_CRITICAL: '0.9' });
    await app!.init();
    const watcher = app!.get(UsageWatcher);
    await eventually(() =>
      expect(watcher.usage).toMatchObject({
        maxBytes: 8 * 2 ** 20,
        evictionPolicy: 'allkeys-lru',
        version: expect.stringMatching(/^\d/),
      }),
    );
    expect(codes(watcher)).not.toContain('memory-high');
    await fill(400);
    await eventually(() => expect(codes(watcher)).toContain('memory-high'));
    await fill(1_500);
    await eventually(() => expect(logger.lines.join('\n')).toMatch(/warn: Redis evicted \d+ keys/));
    await eventually(() => expect(codes(watcher)).toContain('memory-critical'));
    expect(logger.lines.join('\n')).toMatch(/error: Redis uses \d+ % of its memory: raise maxmemory/);
  });

  it('sets the policy it is told to, again after a restart', async () => {
    await boot({ REDIS_SET_EVICTION_POLICY: 'volatile-lfu' });
    await app!.init();
    const watcher = app!.get(UsageWatcher);
    const policy = async () => (await redis.command('CONFIG', 'GET', 'maxmemory-policy')) as string[];
    await eventually(async () => expect(await policy()).toEqual(['maxmemory-policy', 'volatile-lfu']));
    await redis.restart();
    await eventually(async () => expect(await policy()).toEqual(['maxmemory-policy', 'volatile-lfu']));
    await eventually(() => expect(watcher.warnings).toEqual([]));
  });

  it('says so where INFO or CONFIG is forbidden, and goes on', async () => {
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-info', '-config');
    await boot({
      REDIS_URL: redis.url.replace('redis://', 'redis://app:pw@'),
      REDIS_SET_EVICTION_POLICY: 'volatile-lfu',
    });
    await app!.init();
    const watcher = app!.get(UsageWatcher);
    await eventually(() => expect(codes(watcher)).toEqual(['info-denied']));
    expect(watcher.usage).toBeUndefined();
    expect(app!.get(RedisStatusService).status()).toMatchObject({ state: 'up', usage: undefined });
    await redis.command('ACL', 'SETUSER', 'app', '+info');
    await eventually(() => expect(codes(watcher)).toContain('policy-not-set'));
  });

  it('is part of the status, with an estimated bill where it is asked for', async () => {
    await boot({ REDIS_PER_COMMAND_BILLING: 'true', REDIS_PRICE_PER_100K: '20' });
    await app!.init();
    const service = app!.get(RedisStatusService);
    await eventually(() => expect(service.status()?.usage).toBeDefined());
    const status = service.status()!;
    expect(status).toMatchObject({ state: 'up', reason: 'ok', pool: { topology: 'standalone' } });
    expect(status.pool.commandsByName).toMatchObject({ info: expect.any(Number), set: expect.any(Number) });
    expect(status.bill!.commands).toBe(status.pool.commandsSent);
    expect(status.bill!.costSoFar).toBeCloseTo(status.pool.commandsSent * 0.0002, 10);
    expect(status.bill!.costPerMonth).toBeGreaterThan(status.bill!.costSoFar);
  });

  it('reports nothing where there is no Redis', async () => {
    await boot({ REDIS_URL: '' });
    await app!.init();
    expect(app!.get(RedisStatusService).status()).toBeNull();
  });
});
