import { Injectable, Logger, type OnModuleInit, Scope } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Cacheable } from '../../../src/modules/cache/index.js';
import { WarmUp, WarmUpRegistry, WarmUpRunner, type WarmUpSource } from '../../../src/modules/warmup/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

/** The items that ran, in order, and how many at once. */
class Trace {
  calls: string[] = [];
  running = 0;
  mostRunning = 0;
  gate: Promise<void> = Promise.resolve();

  async run<T>(what: string, result: T): Promise<T> {
    this.calls.push(what);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await this.gate;
    await new Promise(setImmediate);
    this.running--;
    return result;
  }
}

@Injectable()
class Catalogue {
  constructor(readonly trace: Trace) {}

  private ids(): string[] {
    return ['a', 'b', 'c', 'd', 'e', 'f'];
  }

  popular(): string[][] {
    return this.ids().map((id) => [id]);
  }

  @WarmUp((catalogue) => catalogue.popular() as [string][], { concurrency: 2 })
  @Cacheable({ key: (id) => id })
  async find(id: string): Promise<string> {
    return this.trace.run(`find ${id}`, id);
  }

  @WarmUp([['en'], ['de']], { order: -1 })
  @Cacheable()
  async categories(locale: string): Promise<string> {
    return this.trace.run(`categories ${locale}`, locale);
  }

  @WarmUp(
    async function* () {
      for (let page = 1; page <= 3; page++) yield [page] as [number];
    },
    { order: 1, concurrency: 1 },
  )
  @Cacheable()
  async page(page: number): Promise<number> {
    if (page === 2) throw new RangeError('secret argument');
    return this.trace.run(`page ${page}`, page);
  }
}

const start = (env: NodeJS.ProcessEnv = {}, more: object[] = []) =>
  startCacheApp({ providers: [Catalogue, Trace, ...more] as never[] }, env);

const runnerOf = (app: CacheApp) => app.get<WarmUpRunner>(WarmUpRunner);

describe('warm-up', () => {
  it('loads every argument list, the lowest order first, so many at once as it may', async () => {
    const app = await start();
    await runnerOf(app).whenDone();
    const { trace } = app.get<Catalogue>(Catalogue);
    expect(trace.calls.slice(0, 2).sort()).toEqual(['categories de', 'categories en']);
    expect(trace.calls.slice(2, 8).sort()).toEqual(['find a', 'find b', 'find c', 'find d', 'find e', 'find f']);
    expect(trace.calls.slice(8)).toEqual(['page 1', 'page 3']);
    expect(trace.mostRunning).toBe(2);
    await app.get<Catalogue>(Catalogue).find('a');
    expect(trace.calls).toHaveLength(10);
    await app.close();
  });

  it('does not hold up the start, and readiness only where configured', async () => {
    for (const [isBlocking, isReadyAtOnce] of [
      ['false', true],
      ['true', false],
    ] as const) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const trace = Object.assign(new Trace(), { gate: promise });
      const app = await startCacheApp(
        { providers: [Catalogue, { provide: Trace, useValue: trace }] },
        { WARM_UP_BLOCKS_READINESS: isBlocking },
      );
      expect(runnerOf(app).state).toBe('running');
      expect(runnerOf(app).isReady).toBe(isReadyAtOnce);
      resolve();
      await runnerOf(app).whenDone();
      expect(runnerOf(app)).toMatchObject({ state: 'done', isReady: true });
      await app.close();
    }
  });

  it('can be switched off', async () => {
    const app = await start({ WARM_UP: 'false', WARM_UP_BLOCKS_READINESS: 'true' });
    await runnerOf(app).whenDone();
    expect(app.get<Catalogue>(Catalogue).trace.calls).toEqual([]);
    expect(runnerOf(app).isReady).toBe(true);
    await app.close();
  });

  it('logs progress and failures, and no argument', async () => {
    const lines: string[] = [];
    const spies = (['log', 'warn', 'error'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void lines.push(String(line))),
    );
    const app = await start({}, [BrokenSource]);
    await runnerOf(app).whenDone();
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Catalogue@find: 3 of 6$/),
        expect.stringMatching(/^Catalogue@find: warm, 6 loaded, 0 failed, \d+ ms$/),
        'Catalogue@page: a call failed (RangeError); further failures are only counted',
        expect.stringMatching(/^Catalogue@page: warm, 2 loaded, 1 failed/),
        'broken source: gave up after 1 (TypeError)',
      ]),
    );
    expect(lines.join('\n')).not.toContain('secret');
    for (const spy of spies) spy.mockRestore();
    await app.close();
  });

  it('stops when the application closes', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const trace = Object.assign(new Trace(), { gate: promise });
    const app = await startCacheApp({ providers: [Catalogue, { provide: Trace, useValue: trace }] });
    await eventually(() => expect(trace.calls).toHaveLength(2));
    const closed = app.close();
    resolve();
    await closed;
    expect(trace.calls.filter((call) => !call.startsWith('categories'))).toEqual([]);
  });

  it('refuses providers that have no object at start, and sources that come too late', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @WarmUp([['a']])
      @Cacheable()
      async find(id: string): Promise<string> {
        return id;
      }
    }
    await expect(startCacheApp({ providers: [Scoped] })).rejects.toThrow(
      /^Scoped@find: @WarmUp needs a provider in the default scope/,
    );
    const app = await start();
    expect(() => app.get<WarmUpRegistry>(WarmUpRegistry).register(new BrokenSource(new WarmUpRegistry()))).toThrow(
      'broken source: the warm-up has begun',
    );
    await app.close();
  });

  it('is done once by instances that start together', async () => {
    const redis = await RedisServer.start();
    const trace = new Trace();
    const parts = { providers: [Catalogue, { provide: Trace, useValue: trace }] };
    const apps = await Promise.all([
      startCacheApp(parts, { REDIS_URL: redis.url }),
      startCacheApp(parts, { REDIS_URL: redis.url }),
    ]);
    await Promise.all(apps.map((app) => runnerOf(app).whenDone()));
    expect(trace.calls).toHaveLength(10);
    expect(new Set(trace.calls).size).toBe(10);
    await Promise.all(apps.map((app) => app.close()));
    await redis.stop();
  });
});

/** Registered by another module: it fails after one item. */
@Injectable()
class BrokenSource implements WarmUpSource, OnModuleInit {
  readonly name = 'broken source';

  constructor(private readonly registry: WarmUpRegistry) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run(progress: Parameters<WarmUpSource['run']>[0]): Promise<void> {
    progress.done();
    throw new TypeError('secret');
  }
}
