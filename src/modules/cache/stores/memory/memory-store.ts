import type { MemoryTier, Resident } from '../../engine/ports/memory-tier.js';
import { FifoQueue } from './fifo-queue.js';
import { GhostTable } from './ghost-table.js';

/** Share of the bytes that entries on probation may take. */
const PROBATION_SHARE = 0.1;

const MAX_USES = 3;

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions<E> {
  /** Bound on the sum of the entries' `sizeBytes`. */
  maxBytes: number;
  /** Told of each entry that had to leave to make room, not of those deleted, replaced or cleared. Must not call back. */
  onEvict?: (entry: E, key: string) => void;
  /** Told of each entry that has left, for whatever reason. Must not call back. */
  onRemove?: (entry: E) => void;
  /** Bytes of other things within the bound, which grow and shrink with the entries. Default 0. */
  otherBytes?: () => number;
}

/**
 * A map bounded in bytes that evicts by S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction",
 * SOSP 2023): a new entry is on probation in a small queue and enters the main queue only when it was used there, or when
 * it comes back soon after it was evicted. A flood of keys that are read only once therefore passes through the small
 * queue and leaves the main one as it was. A hit writes a counter and moves nothing.
 *
 * Why this and not an LRU, with numbers: `docs/decisions/0008-memory-tier-eviction.md`.
 */
export class MemoryStore<E extends Resident> implements MemoryTier<E> {
  readonly maxBytes: number;
  readonly #onEvict: ((entry: E, key: string) => void) | undefined;
  readonly #onRemove: ((entry: E) => void) | undefined;
  readonly #otherBytes: () => number;
  readonly #entries = new Map<string, E>();
  readonly #ghosts = new GhostTable();
  #probation = new FifoQueue<E>();
  #main = new FifoQueue<E>();

  /** @throws RangeError for a bound that is no positive number. */
  constructor({ maxBytes, onEvict, onRemove, otherBytes = () => 0 }: MemoryStoreOptions<E>) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be positive, got ${maxBytes}`);
    this.maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#onRemove = onRemove;
    this.#otherBytes = otherBytes;
  }

  get count(): number {
    return this.#entries.size;
  }

  get usedBytes(): number {
    return this.#probation.usedBytes + this.#main.usedBytes;
  }

  get(key: string): E | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.uses < MAX_USES) entry.uses++;
    return entry;
  }

  peek(key: string): E | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: E): boolean {
    if (entry.sizeBytes > this.maxBytes) {
      this.delete(key);
      return false;
    }
    const existing = this.#entries.get(key);
    if (existing === undefined) this.#insert(key, entry);
    else this.#replace(existing, entry);
    while (this.usedBytes + this.#otherBytes() > this.maxBytes && this.#entries.size > 1) this.#makeRoom(entry);
    return true;
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    // An entry that earned its place and is invalidated is likely to be loaded anew: let it have the place again.
    if (entry.queue === this.#main) this.#ghosts.add(key);
    this.#remove(entry);
    return true;
  }

  clear(): void {
    if (this.#onRemove !== undefined) for (const entry of this.#entries.values()) this.#onRemove(entry);
    this.#entries.clear();
    this.#ghosts.clear();
    this.#probation = new FifoQueue();
    this.#main = new FifoQueue();
  }

  values(): MapIterator<E> {
    return this.#entries.values();
  }

  #insert(key: string, entry: E): void {
    const queue = this.#ghosts.take(key, this.#entries.size) ? this.#main : this.#probation;
    entry.key = key;
    entry.uses = 0;
    this.#entries.set(key, entry);
    this.#ghosts.reserve(this.#entries.size);
    queue.push(entry);
  }

  /** It gets the other's queue and uses, and a place at the end. */
  #replace(existing: E, entry: E): void {
    const { key, uses } = existing;
    const queue = this.#queueOf(existing);
    queue.remove(existing);
    entry.key = key;
    entry.uses = uses;
    this.#entries.set(key, entry);
    queue.push(entry);
    this.#onRemove?.(existing);
  }

  /** One step: evicts an entry, promotes one or gives one another round. Never evicts `spared`, the newest of its queue. */
  #makeRoom(spared: E): void {
    const probation = this.#probation;
    const isProbationFull = probation.usedBytes > this.maxBytes * PROBATION_SHARE;
    const hasCandidate = probation.oldest !== undefined && probation.oldest !== spared;
    const isMainSpent = this.#main.oldest === undefined || (this.#main.oldest === spared && this.#main.count === 1);
    if (hasCandidate && (isProbationFull || isMainSpent)) this.#promoteOrEvict(probation.oldest as E);
    else this.#sweep(this.#main.oldest as E, spared);
  }

  /** The oldest on probation is promoted if it was used, and evicted otherwise. */
  #promoteOrEvict(entry: E): void {
    if (entry.uses > 0) {
      this.#probation.remove(entry);
      entry.uses = 0;
      this.#main.push(entry);
    } else {
      this.#ghosts.add(entry.key);
      this.#evict(entry);
    }
  }

  /** The oldest in the main queue gets another round for each use, up to three, and is evicted when it has none left. */
  #sweep(entry: E, spared: E): void {
    if (entry.uses > 0 || entry === spared) {
      this.#main.remove(entry);
      entry.uses = Math.max(0, entry.uses - 1);
      this.#main.push(entry);
    } else {
      this.#evict(entry);
    }
  }

  #evict(entry: E): void {
    this.#remove(entry);
    this.#onEvict?.(entry, entry.key);
  }

  #remove(entry: E): void {
    this.#queueOf(entry).remove(entry);
    this.#entries.delete(entry.key);
    this.#onRemove?.(entry);
  }

  #queueOf(entry: E): FifoQueue<E> {
    return entry.queue === this.#main ? this.#main : this.#probation;
  }
}
