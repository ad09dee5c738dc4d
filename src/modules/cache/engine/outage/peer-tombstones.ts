import { BoundedMap } from '../../../../common/bounded-map.js';
import type { Clock } from '../../../../common/clock.js';
import { isWithin, partsOf, pathOfDependency } from '../names/key-layout.js';

/** A tombstone ends after five minutes: longer than most outages. After it, an entry's ttl bounds what is served. */
const LIFETIME_MS = 300_000;
/** Of keys, and of tags and generations: past this the oldest tombstones are forgotten. */
const MAX_TOMBSTONES = 100_000;
/**
 * A log entry whose Redis time is more than 300 ms after the tombstone was received is certainly newer, whichever instance
 * wrote it (the tombstone's source may have died). 300 ms covers the error of the estimate of Redis's clock: half a round
 * trip, and round trips are given up after 500 ms.
 */
const CERTAINLY_LATER_MS = 300;
/** Sources of one tombstone that are told apart. With more, only {@link CERTAINLY_LATER_MS} or the lifetime ends it. */
const MAX_SOURCES = 64;

/** An instance that published a tombstone, and the number of that message among all it published. */
export interface TombstoneSource {
  readonly source: string;
  readonly tombstoneSequence: number;
}

/** The instance that wrote a log entry, the number of tombstones it had published by then, and the entry's Redis time. */
export interface LogWriter extends TombstoneSource {
  readonly redisMs: number;
}

interface Tombstone {
  /** Monotonic milliseconds of this process's clock. */
  readonly untilMs: number;
  /** When the tombstone was last received, in Redis time. */
  readonly redisMs: number;
  readonly sources: readonly TombstoneSource[];
}

/**
 * Tombstones of keys, tags and generations: other instances have invalidated them while Redis refused writes. What Redis
 * holds of them is old, and can't be removed yet.
 *
 * Invariant: while a tombstone stands, no entry that it concerns is served from Redis. It is lifted by a log entry about the
 * same key, tag or generation, or about a generation above it, that was certainly written after the tombstone:
 *
 * 1. An entry from the tombstone's own source is compared by sequence number: each entry carries the number of tombstones
 *    its source had published ({@link LogWriter.tombstoneSequence}).
 * 2. An entry from any other instance is compared by Redis time ({@link CERTAINLY_LATER_MS}).
 * 3. An entry from before that arrives late removed an older value. It lifts nothing.
 */
export class PeerTombstones {
  /** Apart from the dependencies: memory keys are the callers' own text, and may read like the id of a tag. */
  readonly #keys = new TombstoneMap();
  readonly #dependencies = new TombstoneMap();

  constructor(private readonly clock: Clock) {}

  get isEmpty(): boolean {
    return this.#keys.size + this.#dependencies.size === 0;
  }

  hasKey(memoryKey: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(memoryKey, this.clock.nowMs());
  }

  /** @param id of a tag or generation. */
  hasDependency(id: string): boolean {
    return this.#dependencies.size > 0 && this.#dependencies.has(id, this.clock.nowMs());
  }

  /** @param redisMs now, by the clock of the Redis that holds the key; `Infinity` where that is unknown. */
  addKey(memoryKey: string, source: TombstoneSource, redisMs: number): void {
    this.#keys.add(memoryKey, source, { untilMs: this.clock.nowMs() + LIFETIME_MS, redisMs });
  }

  /** As {@link addKey}. */
  addDependency(id: string, source: TombstoneSource, redisMs: number): void {
    this.#dependencies.add(id, source, { untilMs: this.clock.nowMs() + LIFETIME_MS, redisMs });
  }

  liftKey(memoryKey: string, writer: LogWriter): void {
    this.#keys.lift(memoryKey, writer);
  }

  /**
   * Entries under the version before are invalid now, so the tombstone is not needed any more. A generation lifts the
   * tombstones of its whole namespace and of the namespaces below it.
   */
  liftDependency(id: string, writer: LogWriter): void {
    this.#dependencies.lift(id, writer);
    if (!id.startsWith('g:') || this.isEmpty) return;
    const path = pathOfDependency(id);
    for (const key of this.#keys.names()) if (isWithin(partsOf(key).path, path)) this.#keys.lift(key, writer);
    for (const other of this.#dependencies.names())
      if (isWithin(pathOfDependency(other), path)) this.#dependencies.lift(other, writer);
  }
}

class TombstoneMap {
  readonly #tombstones = new BoundedMap<string, Tombstone>(MAX_TOMBSTONES);

  get size(): number {
    return this.#tombstones.size;
  }

  names(): Iterable<string> {
    return this.#tombstones.keys();
  }

  has(name: string, nowMs: number): boolean {
    const tombstone = this.#tombstones.get(name);
    return tombstone !== undefined && nowMs < tombstone.untilMs;
  }

  add(name: string, added: TombstoneSource, times: Pick<Tombstone, 'untilMs' | 'redisMs'>): void {
    const others = (this.#tombstones.get(name)?.sources ?? []).filter(({ source }) => source !== added.source);
    const sources =
      others.length < MAX_SOURCES
        ? [...others, added]
        : [...others.slice(1), { ...added, tombstoneSequence: Infinity }];
    this.#tombstones.set(name, { ...times, sources });
  }

  lift(name: string, writer: LogWriter): void {
    const tombstone = this.#tombstones.get(name);
    if (tombstone === undefined) return;
    if (writer.redisMs > tombstone.redisMs + CERTAINLY_LATER_MS) return void this.#tombstones.delete(name);
    const left = tombstone.sources.filter(
      ({ source, tombstoneSequence }) => source !== writer.source || tombstoneSequence > writer.tombstoneSequence,
    );
    if (left.length === 0) this.#tombstones.delete(name);
    else if (left.length < tombstone.sources.length) this.#tombstones.set(name, { ...tombstone, sources: left });
  }
}
