import type { EntryView, ReadOptions } from '../contract/cache.js';
import type { Tier } from '../contract/tier.js';
import type { Core } from '../parts/engine-parts.js';
import type { Found } from '../remote/remote-entry.js';
import type { MemoryEntry } from '../local/memory-entry.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { Reading } from '../remote/remote-level.js';
import type { Scope } from '../names/namespace.js';

/** What a reader wants of an entry. */
export interface Wish<T> {
  ofHeld(entry: MemoryEntry, memory: MemoryLevel, nowMs: number): T;
  ofFound(found: Found): T;
}

export const VALUE: Wish<unknown> = {
  ofHeld: (entry) => entry.value,
  ofFound: (found) => found.value,
};

export const VIEW: Wish<EntryView<unknown>> = {
  ofHeld: (entry, memory, nowMs) => memory.view(entry, nowMs),
  ofFound: (found) => found.view(),
};

/** Nothing to serve (`undefined` may be a value), and nothing here but Redis may have it. */
const NONE = Symbol('none');
const ASK = Symbol('ask');
type Maybe<T> = T | typeof NONE;

/** Reads without a loader: memory, then Redis. */
export class ReadPath {
  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
  ) {}

  async one<T>(key: string, options: ReadOptions | undefined, wish: Wish<T>): Promise<T | undefined> {
    let value: Maybe<T> | typeof ASK = this.#local(key, options, this.core.clock.nowMs(), wish);
    if (value === ASK) {
      const examined = await this.core.remote!.read(this.#reading(options), key, this.scope.address(key));
      value = this.#accept(key, examined?.found, options, wish);
    }
    return value === NONE ? undefined : value;
  }

  /** In the order of `keys`. */
  async many<T>(keys: readonly string[], options: ReadOptions | undefined, wish: Wish<T>): Promise<Map<string, T>> {
    const values = new Map<string, T>();
    const asked: string[] = [];
    const nowMs = this.core.clock.nowMs();
    for (const key of new Set(keys)) {
      const value = this.#local(key, options, nowMs, wish);
      if (value === ASK) asked.push(key);
      else if (value !== NONE) values.set(key, value);
    }
    if (asked.length === 0) return values;
    const isOrdered = values.size === 0;
    const addresses = asked.map((key) => this.scope.address(key));
    const examined = await this.core.remote!.readMany(this.#reading(options), asked, addresses);
    for (let i = 0; i < asked.length; i++) {
      const value = this.#accept(asked[i]!, examined[i]?.found, options, wish);
      if (value !== NONE) values.set(asked[i]!, value);
    }
    return isOrdered ? values : inOrder(keys, values);
  }

  #local<T>(key: string, options: ReadOptions | undefined, nowMs: number, wish: Wish<T>): Maybe<T> | typeof ASK {
    const held = this.#held(key, options, nowMs);
    if (held !== undefined) return this.#take(held, nowMs, wish);
    return this.#asksRemote(key, options) ? ASK : this.#staleOrMiss(key, options, wish);
  }

  /** A fresh entry in memory. */
  #held(key: string, options: ReadOptions | undefined, nowMs: number): MemoryEntry | undefined {
    if (options?.consistency !== undefined && options.consistency !== 'cached') return undefined;
    const entry = this.core.memory.fresh(this.scope.memoryKey(key), nowMs);
    if (entry === undefined) return undefined;
    this.#hit(key, 'memory');
    return entry;
  }

  /** None for an absence that is remembered: nobody else need be asked. */
  #take<T>(entry: MemoryEntry, nowMs: number, wish: Wish<T>): Maybe<T> {
    return entry.isAbsent ? NONE : wish.ofHeld(entry, this.core.memory, nowMs);
  }

  /** Neither `bypass` nor `refresh` reads a tier. */
  #asksRemote(key: string, options: ReadOptions | undefined): boolean {
    const { remote } = this.core;
    if (remote === undefined || options?.consistency === 'bypass' || options?.consistency === 'refresh') return false;
    return remote.mayRead(this.scope.memoryKey(key));
  }

  #accept<T>(key: string, found: Found | undefined, options: ReadOptions | undefined, wish: Wish<T>): Maybe<T> {
    if (found === undefined || (found.isStale && options?.allowStale !== true))
      return this.#staleOrMiss(key, options, wish);
    this.#hit(key, 'redis');
    return found.isAbsent ? NONE : wish.ofFound(found);
  }

  /** What memory still has, when the caller takes it and Redis has nothing better. */
  #staleOrMiss<T>(key: string, options: ReadOptions | undefined, wish: Wish<T>): Maybe<T> {
    if (options?.countsMisses !== false) this.#miss(key);
    if (options?.allowStale !== true || (options.consistency ?? 'cached') !== 'cached') return NONE;
    const { memory, clock } = this.core;
    const nowMs = clock.nowMs();
    const entry = memory.stale(this.scope.memoryKey(key), nowMs);
    return entry === undefined ? NONE : this.#take(entry, nowMs, wish);
  }

  #reading(options: ReadOptions | undefined): Reading {
    return { scope: this.scope, isStrict: options?.consistency === 'strict', promotes: true };
  }

  #hit(key: string, tier: Tier): void {
    const { counters, events } = this.core;
    if (tier === 'memory') counters.memoryHits++;
    else counters.redisHits++;
    if (events.has('hit')) events.emit('hit', { cache: this.scope.name, key, tier });
  }

  #miss(key: string): void {
    this.core.counters.misses++;
    if (this.core.events.has('miss')) this.core.events.emit('miss', { cache: this.scope.name, key });
  }
}

/** What was found, in the order it was asked for. */
export function inOrder<T>(keys: readonly string[], found: ReadonlyMap<string, T>): Map<string, T> {
  const ordered = new Map<string, T>();
  for (const key of keys) {
    const value = found.get(key);
    if (value !== undefined || found.has(key)) ordered.set(key, value as T);
  }
  return ordered;
}
