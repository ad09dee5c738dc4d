import fc from 'fast-check';
import type { Cache, LoadContext } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { HistoryChecker } from '../history-checker.js';
import type { Operation, ReadEvent } from '../protocol.js';
import { SEED } from '../../support/seeded-random.js';

const KEYS = ['a', 'b'];
/** Tags each key gets before its load, and from its result. */
const TAGS: Record<string, { early: string[]; late: string[] }> = {
  a: { early: ['x'], late: ['y'] },
  b: { early: ['y'], late: [] },
};

const OPERATIONS = [
  'getOrLoad',
  'getOrLoad of stale',
  'failing getOrLoad',
  'refresh',
  'getOrLoadMany',
  'get',
  'delete',
  'set',
  'invalidate x',
  'invalidate y',
  'expire y',
  'clear',
] as const;
type Step = readonly [(typeof OPERATIONS)[number], key: string];

const WRITES: Record<string, (cache: Cache, key: string, version: number) => Promise<unknown>> = {
  delete: (cache, key) => cache.delete(key),
  set: (cache, key, version) => cache.set(key, version, { tags: [...TAGS[key]!.early, ...TAGS[key]!.late] }),
  'invalidate x': (cache) => cache.invalidateTags(['x']),
  'invalidate y': (cache) => cache.invalidateTags(['y']),
  clear: (cache) => cache.clear(),
};

/** One process, in which fast-check decides when each loader's answer comes and when each operation starts. */
class Race {
  readonly reads: ReadEvent[] = [];
  readonly checker = new HistoryChecker({ busMs: 0, settleMs: 0 });
  private readonly cache = createCache();
  private readonly source = new Map(KEYS.map((key) => [key, 1]));
  private ticks = 0;

  constructor(private readonly scheduler: fc.Scheduler) {}

  async run(steps: readonly Step[]): Promise<void> {
    const running = steps.map(async (step, i) => {
      await this.scheduler.schedule(Promise.resolve(), `${i}: ${step.join(' ')}`);
      await this.perform(...step);
    });
    await this.scheduler.waitFor(Promise.all(running));
    await this.cache.close();
  }

  private async perform(operation: Step[0], key: string): Promise<void> {
    const write = WRITES[operation];
    if (write !== undefined) return this.write(operation, key, write);
    if (operation === 'expire y') return void (await this.cache.expireTags(['y']));
    const startMs = ++this.ticks;
    const found = await this.read(operation, key).catch(() => new Map<string, number>());
    for (const [name, version] of found) this.record(name, startMs, version);
  }

  private async read(operation: Step[0], key: string): Promise<Map<string, number>> {
    const { cache } = this;
    const tags = TAGS[key]!.early;
    switch (operation) {
      case 'getOrLoad':
        return one(key, await cache.getOrLoad(key, this.load(key), { tags, graceMs: 60_000 }));
      case 'getOrLoad of stale':
        return one(key, await cache.getOrLoad(key, this.load(key), { tags, graceMs: 60_000, softTimeoutMs: 0 }));
      case 'failing getOrLoad':
        return one(key, await cache.getOrLoad(key, this.load(key, true), { tags, graceMs: 60_000 }));
      case 'refresh':
        return one(key, await cache.getOrLoad(key, this.load(key), { tags, graceMs: 60_000, consistency: 'refresh' }));
      case 'getOrLoadMany': {
        const load = async (names: readonly string[]) => {
          const values = names.map((name) => [name, this.source.get(name)!] as const);
          await this.scheduler.schedule(Promise.resolve(), 'batch answers');
          return new Map(values);
        };
        return cache.getOrLoadMany(KEYS, load, {
          tagsOf: (name) => [...TAGS[name]!.early, ...TAGS[name]!.late],
          graceMs: 60_000,
        });
      }
      default:
        return one(key, await cache.get<number>(key));
    }
  }

  private load(key: string, isFailing = false) {
    return async (context: LoadContext): Promise<number> => {
      const version = this.source.get(key)!;
      await this.scheduler.schedule(Promise.resolve(), `${key} answers ${version}`);
      if (isFailing) throw new Error('source down');
      context.set({ tags: TAGS[key]!.late });
      return version;
    };
  }

  private async write(operation: Step[0], key: string, write: (typeof WRITES)[string]): Promise<void> {
    const covered =
      operation === 'clear'
        ? KEYS
        : operation.startsWith('invalidate')
          ? KEYS.filter((name) => carries(name, operation.slice(-1)))
          : [key];
    for (const name of covered) this.source.set(name, this.source.get(name)! + 1);
    const required = covered.map((name) => [KEYS.indexOf(name), this.source.get(name)!] as const);
    const startMs = ++this.ticks;
    await write(this.cache, key, this.source.get(key)!);
    this.checker.addInvalidation({
      worker: 0,
      operation: operation as Operation,
      target: key,
      startMs,
      ackMs: ++this.ticks,
      status: 'applied',
      required,
    });
  }

  private record(name: string, startMs: number, version: number): void {
    this.reads.push({
      worker: 0,
      operation: 'getOrLoad',
      key: KEYS.indexOf(name),
      startMs,
      endMs: ++this.ticks,
      version,
    });
  }
}

function one(key: string, version: number | undefined): Map<string, number> {
  return version === undefined ? new Map() : new Map([[key, version]]);
}

function carries(key: string, tag: string): boolean {
  return [...TAGS[key]!.early, ...TAGS[key]!.late].includes(tag);
}

describe(`races in one process (TEST_SEED=${SEED})`, () => {
  it('never give a value that was invalidated before the read began', async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...OPERATIONS), fc.constantFrom(...KEYS)), {
      minLength: 3,
      maxLength: 12,
    });
    const property = fc.asyncProperty(fc.scheduler(), steps, async (scheduler, race) => {
      const run = new Race(scheduler);
      await run.run(race);
      expect(run.checker.check(run.reads)).toEqual([]);
    });
    await fc.assert(property, { seed: SEED, numRuns: 1_500 });
  });
});
