import type { Clock } from '../../../common/clock.js';
import { isWithin, partsOf, pathOfDependency } from './scope.js';

/** Long enough for most outages; after it, an entry's ttl bounds what is served. */
const LIFETIME_MS = 300_000;
/** Keys, and tags and generations: past this the oldest are forgotten. */
const MAX_ITEMS = 100_000;

/**
 * Keys, tags and generations that other instances have invalidated while Redis refuses writes: what Redis holds of them is
 * old, and can't be removed yet. Lifted when the invalidation, or a clear of their namespace, arrives through the log.
 */
export class Suppressed {
  /** Memory keys are the callers' own text, so they may read as the id of a tag. */
  readonly #keys = new Map<string, number>();
  readonly #dependencies = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  hasKey(memoryKey: string): boolean {
    return this.#has(this.#keys, memoryKey);
  }

  /** By the id of a tag or generation. */
  hasDependency(id: string): boolean {
    return this.#has(this.#dependencies, id);
  }

  addKey(memoryKey: string): void {
    this.#add(this.#keys, memoryKey);
  }

  addDependency(id: string): void {
    this.#add(this.#dependencies, id);
  }

  liftKey(memoryKey: string): void {
    this.#keys.delete(memoryKey);
  }

  /** What was stored under the version before is void. A generation's says so of its whole namespace, and of those within. */
  liftDependency(id: string): void {
    this.#dependencies.delete(id);
    if (!id.startsWith('g:') || this.#keys.size + this.#dependencies.size === 0) return;
    const path = pathOfDependency(id);
    for (const key of this.#keys.keys()) if (isWithin(partsOf(key).path, path)) this.#keys.delete(key);
    for (const other of this.#dependencies.keys())
      if (isWithin(pathOfDependency(other), path)) this.#dependencies.delete(other);
  }

  #has(items: ReadonlyMap<string, number>, name: string): boolean {
    if (items.size === 0) return false;
    const untilMs = items.get(name);
    return untilMs !== undefined && this.clock.nowMs() < untilMs;
  }

  #add(items: Map<string, number>, name: string): void {
    items.delete(name);
    items.set(name, this.clock.nowMs() + LIFETIME_MS);
    if (items.size > MAX_ITEMS) items.delete(items.keys().next().value!);
  }
}
