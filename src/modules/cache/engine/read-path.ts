import type { EntryView, ReadOptions } from './cache.js';
import type { Core } from './core.js';
import type { Found } from './found.js';
import type { MemoryEntry } from './memory-entry.js';
import type { Reading } from './remote-level.js';
import type { Scope } from './scope.js';

/** Reads without a loader: memory, then Redis. */
export class ReadPath {
  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
  ) {}

  async one(key: string, options: ReadOptions | undefined): Promise<EntryView<unknown> | undefined> {
    const memoryKey = this.scope.memoryKey(key);
    const held = this.#fromMemory(key, memoryKey, options);
    if (held !== undefined) return this.#viewOf(held);
    const { remote } = this.core;
    if (remote === undefined || isBypass(options) || !remote.mayRead(memoryKey))
      return this.#staleOrMiss(key, memoryKey, options);
    const examined = await remote.read(this.#reading(options), key, this.scope.address(key));
    return this.#accept(key, memoryKey, examined?.found, options);
  }

  async many(keys: readonly string[], options: ReadOptions | undefined): Promise<Map<string, EntryView<unknown>>> {
    const found = new Map<string, EntryView<unknown>>();
    const asked: string[] = [];
    const { remote } = this.core;
    for (const key of new Set(keys)) {
      const memoryKey = this.scope.memoryKey(key);
      const held = this.#fromMemory(key, memoryKey, options);
      if (held !== undefined) {
        const view = this.#viewOf(held);
        if (view !== undefined) found.set(key, view);
      } else if (remote === undefined || isBypass(options) || !remote.mayRead(memoryKey)) {
        const stale = this.#staleOrMiss(key, memoryKey, options);
        if (stale !== undefined) found.set(key, stale);
      } else asked.push(key);
    }
    if (asked.length > 0) {
      const examined = await remote!.readMany(
        this.#reading(options),
        asked,
        asked.map((key) => this.scope.address(key)),
      );
      asked.forEach((key, i) => {
        const view = this.#accept(key, this.scope.memoryKey(key), examined?.[i]?.found, options);
        if (view !== undefined) found.set(key, view);
      });
    }
    return inOrder(keys, found);
  }

  /** `undefined` for an absence that is remembered: nobody else need be asked. */
  #viewOf(entry: MemoryEntry): EntryView<unknown> | undefined {
    return entry.isAbsent ? undefined : this.core.memory.view(entry);
  }

  #fromMemory(key: string, memoryKey: string, options: ReadOptions | undefined): MemoryEntry | undefined {
    if (options?.consistency !== undefined && options.consistency !== 'cached') return undefined;
    const { memory, clock, counters, events } = this.core;
    const nowMs = clock.nowMs();
    const entry = memory.fresh(memoryKey, nowMs);
    if (entry === undefined) return undefined;
    counters.memoryHits++;
    if (events.has('hit')) events.emit('hit', { cache: this.scope.name, key, tier: 'memory' });
    return entry;
  }

  #accept(
    key: string,
    memoryKey: string,
    found: Found | undefined,
    options: ReadOptions | undefined,
  ): EntryView<unknown> | undefined {
    if (found === undefined || (found.isStale && options?.allowStale !== true))
      return this.#staleOrMiss(key, memoryKey, options);
    const { counters, events } = this.core;
    counters.redisHits++;
    if (events.has('hit')) events.emit('hit', { cache: this.scope.name, key, tier: 'redis' });
    return found.isAbsent ? undefined : found.view();
  }

  /** What memory still has, when the caller takes it and Redis has nothing better. */
  #staleOrMiss(key: string, memoryKey: string, options: ReadOptions | undefined): EntryView<unknown> | undefined {
    if (options?.countsMisses !== false) this.#miss(key);
    if (options?.allowStale !== true || (options.consistency ?? 'cached') !== 'cached') return undefined;
    const { memory, clock } = this.core;
    const nowMs = clock.nowMs();
    const entry = memory.stale(memoryKey, nowMs);
    return entry === undefined || entry.isAbsent ? undefined : memory.view(entry, nowMs);
  }

  #reading(options: ReadOptions | undefined): Reading {
    return { scope: this.scope, isStrict: options?.consistency === 'strict', promotes: true };
  }

  #miss(key: string): void {
    this.core.counters.misses++;
    if (this.core.events.has('miss')) this.core.events.emit('miss', { cache: this.scope.name, key });
  }
}

/** Neither `bypass` nor `refresh` reads a tier. */
function isBypass(options: ReadOptions | undefined): boolean {
  return options?.consistency === 'bypass' || options?.consistency === 'refresh';
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
