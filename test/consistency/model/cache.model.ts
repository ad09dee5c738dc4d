import fc from 'fast-check';
import type { Cache, EntryOptions } from '../../../src/modules/cache/engine/contract/cache.js';

/** The content that the cache should have; time is the test's. */
export interface CacheModel {
  nowMs: number;
  /** By namespace and key. */
  readonly entries: Map<string, ModelEntry>;
  /** `failSafeThrottleMs` of the caches. */
  readonly throttleMs: number;
  /** Loads that failed in a row while a stale value was there, by namespace and key. */
  readonly failures: Map<string, { readonly count: number; readonly untilMs: number }>;
}

interface ModelEntry {
  readonly value: number;
  freshUntilMs: number;
  readonly staleUntilMs: number;
  readonly tags: readonly string[];
}

/** The caches a command is given: root and child namespace, as seen by one or more instances. */
export interface RealCaches {
  /** By instance, then namespace. */
  readonly instances: readonly Readonly<Record<Space, Cache>>[];
  advance(ms: number): Promise<void>;
}

export const SPACES = ['root', 'child'] as const;
type Space = (typeof SPACES)[number];

/** Where a command goes. Only the instance that wrote last knows at once; others are asked strictly. */
interface Target {
  readonly instance: number;
  readonly space: Space;
}

type Expected = (model: CacheModel, at: string) => number | undefined;

const KEYS = ['a', 'b', 'c'];
const TAGS = ['x', 'y'];
let lastValue = 0;

/** Commands over `instances` caches that share their contents; with `hasTime` they may also let time pass. */
export function cacheCommands(
  instances: number,
  hasTime: boolean,
): fc.Arbitrary<Iterable<fc.AsyncCommand<CacheModel, RealCaches>>> {
  const at = fc.record({ instance: fc.nat({ max: instances - 1 }), space: fc.constantFrom(...SPACES) });
  const key = fc.constantFrom(...KEYS);
  const tags = fc.subarray(TAGS);
  const keep = fc.record({
    ttlMs: hasTime ? fc.constantFrom(0, 10, 100) : fc.constant(600_000),
    graceMs: hasTime ? fc.constantFrom(0, 50) : fc.constantFrom(0, 600_000),
    tags,
  });
  return fc.commands(
    [
      fc
        .tuple(at, key)
        .map(([target, name]) => new Read('get', target, name, fresh, (cache, options) => cache.get(name, options))),
      fc
        .tuple(at, key)
        .map(
          ([target, name]) =>
            new Read('getStale', target, name, kept, (cache, options) =>
              cache.get(name, { ...options, allowStale: true }),
            ),
        ),
      fc
        .tuple(at, key)
        .map(
          ([target, name]) =>
            new Read('getMany', target, name, fresh, async (cache, options) =>
              (await cache.getMany<number>([name, 'none'], options)).get(name),
            ),
        ),
      fc.tuple(at, key, keep).map(([target, name, options]) => new Load(target, name, options)),
      fc.tuple(at, key, keep).map(([target, name, options]) => new FailingLoad(target, name, options)),
      fc.tuple(at, key, keep).map(([target, name, options]) => new Set(target, name, options)),
      fc.tuple(at, fc.subarray(KEYS, { minLength: 1 })).map(([target, names]) => new Delete(target, names)),
      fc.tuple(at, tags).map(([target, names]) => new InvalidateTags(target, names)),
      fc.tuple(at, tags).map(([target, names]) => new ExpireTags(target, names)),
      at.map((target) => new Clear(target)),
      ...(hasTime ? [fc.constantFrom(1, 10, 60, 200).map((ms) => new Advance(ms))] : []),
    ],
    { maxCommands: 40, size: 'max' },
  );
}

abstract class Command implements fc.AsyncCommand<CacheModel, RealCaches> {
  check(): boolean {
    return true;
  }

  abstract run(model: CacheModel, real: RealCaches): Promise<void>;
  abstract toString(): string;
}

abstract class Targeted extends Command {
  constructor(protected readonly target: Target) {
    super();
  }

  protected cache({ instances }: RealCaches): Cache {
    return instances[this.target.instance]![this.target.space];
  }

  /** Several instances: a read sees the last write of another instance after the bus's time, a strict read at once. */
  protected reading({ instances }: RealCaches): { consistency?: 'strict' } {
    return instances.length > 1 ? { consistency: 'strict' } : {};
  }

  /**
   * Several instances: one that has not heard of an invalidation yet stores under versions that are void already. That
   * costs a hit, so there a miss is as right as the value.
   */
  protected mayMiss({ instances }: RealCaches): boolean {
    return instances.length > 1;
  }

  protected at(key: string): string {
    return `${this.target.space}:${key}`;
  }

  protected where(): string {
    return `${this.target.instance}/${this.target.space}`;
  }
}

class Read extends Targeted {
  constructor(
    private readonly name: string,
    target: Target,
    private readonly key: string,
    private readonly expected: Expected,
    private readonly ask: (cache: Cache, options: { consistency?: 'strict' }) => Promise<unknown>,
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    const found = await this.ask(this.cache(real), this.reading(real));
    if (found === undefined && this.mayMiss(real)) return;
    expect(found).toBe(this.expected(model, this.at(this.key)));
  }

  toString(): string {
    return `${this.name}(${this.where()}, ${this.key})`;
  }
}

class Load extends Targeted {
  constructor(
    target: Target,
    private readonly key: string,
    private readonly options: Required<Pick<EntryOptions, 'ttlMs' | 'graceMs' | 'tags'>>,
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    const value = ++lastValue;
    const at = this.at(this.key);
    const known = fresh(model, at) ?? (isThrottled(model, at) ? kept(model, at) : undefined);
    const found = await this.cache(real).getOrLoad(this.key, () => value, { ...this.options, ...this.reading(real) });
    if (found === value && this.mayMiss(real)) return keep(model, this.at(this.key), value, this.options);
    expect(found).toBe(known ?? value);
    if (known !== undefined) return;
    keep(model, at, value, this.options);
    model.failures.delete(at);
  }

  toString(): string {
    return `getOrLoad(${this.where()}, ${this.key}, ${JSON.stringify(this.options)})`;
  }
}

class FailingLoad extends Targeted {
  constructor(
    target: Target,
    private readonly key: string,
    private readonly options: EntryOptions,
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    const fail = (): never => {
      throw new Error('source down');
    };
    const loading = this.cache(real).getOrLoad(this.key, fail, { ...this.options, ...this.reading(real) });
    const at = this.at(this.key);
    const known = kept(model, at);
    if (known !== undefined && fresh(model, at) === undefined && !isThrottled(model, at)) failed(model, at);
    const outcome = await loading.catch((error: Error) => error.message);
    if (outcome === 'source down' && this.mayMiss(real)) return;
    expect(outcome).toBe(known ?? 'source down');
  }

  toString(): string {
    return `failingGetOrLoad(${this.where()}, ${this.key})`;
  }
}

class Set extends Targeted {
  constructor(
    target: Target,
    private readonly key: string,
    private readonly options: Required<Pick<EntryOptions, 'ttlMs' | 'graceMs' | 'tags'>>,
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    const value = ++lastValue;
    expect(await this.cache(real).set(this.key, value, this.options)).toEqual({ status: 'applied' });
    keep(model, this.at(this.key), value, this.options);
  }

  toString(): string {
    return `set(${this.where()}, ${this.key}, ${JSON.stringify(this.options)})`;
  }
}

class Delete extends Targeted {
  constructor(
    target: Target,
    private readonly keys: readonly string[],
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    await this.cache(real).delete(this.keys);
    for (const key of this.keys) model.entries.delete(this.at(key));
  }

  toString(): string {
    return `delete(${this.where()}, ${this.keys.join(' ')})`;
  }
}

class InvalidateTags extends Targeted {
  constructor(
    target: Target,
    private readonly tags: readonly string[],
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    await this.cache(real).invalidateTags(this.tags);
    for (const [at] of tagged(model, this.target.space, this.tags)) model.entries.delete(at);
  }

  toString(): string {
    return `invalidateTags(${this.where()}, ${this.tags.join(' ')})`;
  }
}

class ExpireTags extends Targeted {
  constructor(
    target: Target,
    private readonly tags: readonly string[],
  ) {
    super(target);
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    await this.cache(real).expireTags(this.tags);
    for (const [, entry] of tagged(model, this.target.space, this.tags)) entry.freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  toString(): string {
    return `expireTags(${this.where()}, ${this.tags.join(' ')})`;
  }
}

class Clear extends Targeted {
  async run(model: CacheModel, real: RealCaches): Promise<void> {
    await this.cache(real).clear();
    for (const at of [...model.entries.keys()])
      if (this.target.space === 'root' || at.startsWith('child:')) model.entries.delete(at);
  }

  toString(): string {
    return `clear(${this.where()})`;
  }
}

class Advance extends Command {
  constructor(private readonly ms: number) {
    super();
  }

  async run(model: CacheModel, real: RealCaches): Promise<void> {
    model.nowMs += this.ms;
    await real.advance(this.ms);
  }

  toString(): string {
    return `advance(${this.ms})`;
  }
}

function keep(
  model: CacheModel,
  at: string,
  value: number,
  { ttlMs, graceMs, tags }: Required<Pick<EntryOptions, 'ttlMs' | 'graceMs' | 'tags'>>,
): void {
  model.entries.set(at, {
    value,
    freshUntilMs: model.nowMs + ttlMs,
    staleUntilMs: model.nowMs + ttlMs + graceMs,
    tags,
  });
}

function fresh(model: CacheModel, at: string): number | undefined {
  const entry = model.entries.get(at);
  return entry !== undefined && model.nowMs < entry.freshUntilMs ? entry.value : undefined;
}

function kept(model: CacheModel, at: string): number | undefined {
  const entry = model.entries.get(at);
  return entry !== undefined && model.nowMs < entry.staleUntilMs ? entry.value : undefined;
}

function isThrottled(model: CacheModel, at: string): boolean {
  const failures = model.failures.get(at);
  return failures !== undefined && model.nowMs < failures.untilMs;
}

/** Twice the time after each failure, up to half a minute; failures before the last half minute do not count. */
function failed(model: CacheModel, at: string): void {
  if (model.throttleMs === 0) return;
  const last = model.failures.get(at);
  const count = last === undefined || model.nowMs >= last.untilMs + 30_000 ? 1 : last.count + 1;
  model.failures.set(at, { count, untilMs: model.nowMs + Math.min(30_000, model.throttleMs * 2 ** (count - 1)) });
}

function tagged(model: CacheModel, space: Space, tags: readonly string[]): [string, ModelEntry][] {
  return [...model.entries].filter(
    ([at, entry]) => at.startsWith(`${space}:`) && entry.tags.some((tag) => tags.includes(tag)),
  );
}
