import type { EntryView, ReadOptions } from '../contract/cache.js';
import type { MemoryEntry } from '../local/memory-entry.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { Namespace } from '../names/namespace.js';
import { assertList, assertOneOf } from '../parts/arguments.js';
import type { EngineParts } from '../parts/engine-parts.js';
import { assertOptionNames, READ_OPTIONS } from '../parts/option-names.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import type { ReadContext } from '../remote/remote-level.js';
import { inOrder } from './in-order.js';

/** The part of an entry that a reader gets. */
export interface Projection<T> {
  fromMemory(entry: MemoryEntry, memory: MemoryLevel, nowMs: number): T;
  fromRedis(entry: RemoteEntry): T;
}

export const asValue: Projection<unknown> = {
  fromMemory: (entry) => entry.value,
  fromRedis: (entry) => entry.value,
};

export const asEntryView: Projection<EntryView<unknown>> = {
  fromMemory: (entry, memory, nowMs) => memory.view(entry, nowMs),
  fromRedis: (entry) => entry.view(),
};

/** `true` for any value. */
export const asPresence: Projection<true> = { fromMemory: () => true, fromRedis: () => true };

/** There is no value to serve (`undefined` may be a value). */
const NO_VALUE = Symbol('no value');
/** Memory has no value, and Redis may have one. */
const ASK_REDIS = Symbol('ask redis');
type Maybe<T> = T | typeof NO_VALUE;

/** Reads without a loader: memory, then Redis, then a stale value in memory if the caller takes one. */
export class ReadPath {
  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
  ) {}

  async one<T>(key: string, options: ReadOptions | undefined, projection: Projection<T>): Promise<T | undefined> {
    if (options !== undefined) assertReadOptions(options);
    let value: Maybe<T> | typeof ASK_REDIS = this.#fromMemory(key, options, this.parts.clock.nowMs(), projection);
    if (value === ASK_REDIS) {
      let result = await this.parts.remote!.read(this.#readContext(options), key, this.namespace.address(key));
      // There is no loader to go on with, so an answer that is on its way is waited for.
      if (result?.late !== undefined) result = await result.late;
      value = this.#resolveRemote(key, result?.entry, options, projection);
    }
    return value === NO_VALUE ? undefined : value;
  }

  /** Values in the order of `keys`. */
  async many<T>(
    keys: readonly string[],
    options: ReadOptions | undefined,
    projection: Projection<T>,
  ): Promise<Map<string, T>> {
    assertList('keys', keys);
    assertReadOptions(options);
    const values = new Map<string, T>();
    const toAsk: string[] = [];
    const nowMs = this.parts.clock.nowMs();
    for (const key of new Set(keys)) {
      const value = this.#fromMemory(key, options, nowMs, projection);
      if (value === ASK_REDIS) toAsk.push(key);
      else if (value !== NO_VALUE) values.set(key, value);
    }
    if (toAsk.length === 0) return values;
    const isOrdered = values.size === 0;
    const addresses = toAsk.map((key) => this.namespace.address(key));
    const results = await this.parts.remote!.readMany(this.#readContext(options), toAsk, addresses);
    for (let i = 0; i < toAsk.length; i++) {
      const result = results[i]?.late === undefined ? results[i] : await results[i]!.late;
      const value = this.#resolveRemote(toAsk[i]!, result?.entry, options, projection);
      if (value !== NO_VALUE) values.set(toAsk[i]!, value);
    }
    return isOrdered ? values : inOrder(keys, values);
  }

  #fromMemory<T>(
    key: string,
    options: ReadOptions | undefined,
    nowMs: number,
    projection: Projection<T>,
  ): Maybe<T> | typeof ASK_REDIS {
    const entry = this.#freshInMemory(key, options, nowMs);
    if (entry !== undefined) return this.#toResult(entry, nowMs, projection);
    return this.#asksRedis(key, options) ? ASK_REDIS : this.#staleOrMiss(key, options, projection);
  }

  #freshInMemory(key: string, options: ReadOptions | undefined, nowMs: number): MemoryEntry | undefined {
    if (options?.consistency !== undefined && options.consistency !== 'cached') return undefined;
    const entry = this.parts.memory.fresh(this.namespace.memoryKey(key), nowMs);
    if (entry === undefined) return undefined;
    this.stats.hit(key, 'memory');
    return entry;
  }

  /** No value for an entry that remembers an absence: Redis need not be asked. */
  #toResult<T>(entry: MemoryEntry, nowMs: number, projection: Projection<T>): Maybe<T> {
    return entry.isAbsent ? NO_VALUE : projection.fromMemory(entry, this.parts.memory, nowMs);
  }

  /** Neither `bypass` nor `refresh` reads a tier. */
  #asksRedis(key: string, options: ReadOptions | undefined): boolean {
    const { remote } = this.parts;
    if (remote === undefined || options?.consistency === 'bypass' || options?.consistency === 'refresh') return false;
    return remote.mayRead(this.namespace.memoryKey(key));
  }

  #resolveRemote<T>(
    key: string,
    entry: RemoteEntry | undefined,
    options: ReadOptions | undefined,
    projection: Projection<T>,
  ): Maybe<T> {
    if (entry === undefined || (entry.isStale && options?.allowStale !== true))
      return this.#staleOrMiss(key, options, projection);
    this.stats.hit(key, 'redis');
    return entry.isAbsent ? NO_VALUE : projection.fromRedis(entry);
  }

  /** The stale value in memory, if the caller takes one and Redis has nothing better. */
  #staleOrMiss<T>(key: string, options: ReadOptions | undefined, projection: Projection<T>): Maybe<T> {
    if (options?.countsMisses !== false) this.stats.miss(key);
    if (options?.allowStale !== true || (options.consistency ?? 'cached') !== 'cached') return NO_VALUE;
    const { memory, clock } = this.parts;
    const nowMs = clock.nowMs();
    const entry = memory.stale(this.namespace.memoryKey(key), nowMs);
    return entry === undefined ? NO_VALUE : this.#toResult(entry, nowMs, projection);
  }

  #readContext(options: ReadOptions | undefined): ReadContext {
    return { namespace: this.namespace, isStrict: options?.consistency === 'strict', promotes: true };
  }
}

const CONSISTENCIES = ['cached', 'strict', 'bypass', 'refresh'] as const;

function assertReadOptions(options: ReadOptions | undefined): void {
  assertOptionNames(options, READ_OPTIONS);
  if (options?.consistency !== undefined) assertOneOf('consistency', options.consistency, CONSISTENCIES);
}
