import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CACHE, type Cache, CacheModule, type CacheModuleOptions } from '../cache/nest.js';
import { CacheRecorder } from './cache-recorder.js';
import { TestClock } from './test-clock.js';

/** Options of `CacheTestingModule.forRoot()`. */
export interface CacheTestingOptions extends Omit<CacheModuleOptions, 'clock'> {
  /** Default: a new one that stands still. */
  clock?: TestClock;
}

/**
 * `CacheModule` for tests: the same decorators on a real cache, with a clock that the test moves and a record of events. It
 * has the memory tier alone unless `redis` is given.
 *
 * @example
 * const module = await Test.createTestingModule({ imports: [CacheTestingModule.forRoot()], providers: [Products] }).compile();
 * await module.init();
 * await module.get(TestClock).advance(60_000);
 * expect(module.get(CacheRecorder).loads()).toBe(2);
 */
@Module({})
export class CacheTestingModule implements OnApplicationShutdown {
  /** @internal */
  constructor(@Inject(CacheRecorder) private readonly recorder: CacheRecorder) {}

  static forRoot({ clock = new TestClock(), ...options }: CacheTestingOptions = {}): DynamicModule {
    return {
      module: CacheTestingModule,
      global: true,
      imports: [CacheModule.forRoot({ namespace: 'test', ...options, clock })],
      providers: [
        { provide: TestClock, useValue: clock },
        { provide: CacheRecorder, useFactory: (cache: Cache) => new CacheRecorder(cache), inject: [CACHE] },
      ],
      exports: [TestClock, CacheRecorder],
    };
  }

  onApplicationShutdown(): void {
    this.recorder.stop();
  }
}
