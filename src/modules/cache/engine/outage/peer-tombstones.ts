import type { Clock } from '../../../../common/clock.js';
import { isWithin, partsOf, pathOfDependency } from '../names/key-layout.js';

/** Long enough for most outages; after it, an entry's ttl bounds what is served. */
const LIFETIME_MS = 300_000;
/** Keys, and tags and generations: past this the oldest are forgotten. */
const MAX_ITEMS = 100_000;
/**
 * What anyone wrote to the log this much later than the advice was heard, by Redis's clock, came after it: its source may be
 * gone. That clock is known to within half an answer, and one that takes more than 500 ms is given up.
 */
const CERTAINLY_LATER_MS = 300;
/** Instances whose advice about one item is kept apart; with more it is not lifted before its time. */
const MAX_ADVISERS = 64;

/** Who says so, and how many pieces of advice it had given by then, this one included. */
export interface Adviser {
  readonly source: string;
  readonly advised: number;
}

/** Who wrote an entry of the log, and when by Redis's clock. */
export interface Writer extends Adviser {
  readonly redisMs: number;
}

interface Item {
  readonly untilMs: number;
  /** When it was last heard, by Redis's clock. */
  readonly redisMs: number;
  readonly advisers: readonly Adviser[];
}

/**
 * Keys, tags and generations that other instances have invalidated while Redis refuses writes: what Redis holds of them is
 * old, and can't be removed yet. Lifted when the invalidation, or a clear of their namespace, arrives through the log, written
 * after the advice: one from before, heard late, removed an older value. Whoever said so numbers what it writes; of others
 * the time tells.
 */
export class Suppressed {
  /** Memory keys are the callers' own text, so they may read as the id of a tag. */
  readonly #keys = new Items();
  readonly #dependencies = new Items();

  constructor(private readonly clock: Clock) {}

  get isEmpty(): boolean {
    return this.#keys.size + this.#dependencies.size === 0;
  }

  hasKey(memoryKey: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(memoryKey, this.clock.nowMs());
  }

  /** By the id of a tag or generation. */
  hasDependency(id: string): boolean {
    return this.#dependencies.size > 0 && this.#dependencies.has(id, this.clock.nowMs());
  }

  /** `redisMs`: now, by the clock of the Redis that holds it; `Infinity` where that is not known. */
  addKey(memoryKey: string, adviser: Adviser, redisMs: number): void {
    this.#keys.add(memoryKey, adviser, { untilMs: this.clock.nowMs() + LIFETIME_MS, redisMs });
  }

  /** As {@link addKey}. */
  addDependency(id: string, adviser: Adviser, redisMs: number): void {
    this.#dependencies.add(id, adviser, { untilMs: this.clock.nowMs() + LIFETIME_MS, redisMs });
  }

  liftKey(memoryKey: string, writer: Writer): void {
    this.#keys.lift(memoryKey, writer);
  }

  /** What was stored under the version before is void. A generation's says so of its whole namespace, and of those within. */
  liftDependency(id: string, writer: Writer): void {
    this.#dependencies.lift(id, writer);
    if (!id.startsWith('g:') || this.#keys.size + this.#dependencies.size === 0) return;
    const path = pathOfDependency(id);
    for (const key of this.#keys.names()) if (isWithin(partsOf(key).path, path)) this.#keys.lift(key, writer);
    for (const other of this.#dependencies.names())
      if (isWithin(pathOfDependency(other), path)) this.#dependencies.lift(other, writer);
  }
}

class Items {
  readonly #items = new Map<string, Item>();
  // One iterator for good: every new one would first walk over the places of all that was deleted.
  readonly #oldest = this.#items.keys();

  get size(): number {
    return this.#items.size;
  }

  names(): Iterable<string> {
    return this.#items.keys();
  }

  has(name: string, nowMs: number): boolean {
    const item = this.#items.get(name);
    return item !== undefined && nowMs < item.untilMs;
  }

  add(name: string, adviser: Adviser, times: Pick<Item, 'untilMs' | 'redisMs'>): void {
    const advisers = this.#items.get(name)?.advisers ?? [];
    const others = advisers.filter(({ source }) => source !== adviser.source);
    this.#items.delete(name);
    this.#items.set(name, {
      ...times,
      advisers:
        others.length < MAX_ADVISERS ? [...others, adviser] : [...others.slice(1), { ...adviser, advised: Infinity }],
    });
    if (this.#items.size > MAX_ITEMS) this.#items.delete(this.#oldest.next().value!);
  }

  lift(name: string, writer: Writer): void {
    const item = this.#items.get(name);
    if (item === undefined) return;
    if (writer.redisMs > item.redisMs + CERTAINLY_LATER_MS) return void this.#items.delete(name);
    const left = item.advisers.filter(({ source, advised }) => source !== writer.source || advised > writer.advised);
    if (left.length === 0) this.#items.delete(name);
    else if (left.length < item.advisers.length) this.#items.set(name, { ...item, advisers: left });
  }
}
