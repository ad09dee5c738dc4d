import type { MemoryTier, Sized } from '../../engine/memory-tier.js';
import { FifoQueue, type QueueNode } from './fifo-queue.js';
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
}

/**
 * A map bounded in bytes that evicts by S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction",
 * SOSP 2023): what is new is on probation in a small queue and enters the main queue only when it was used there, or when
 * it comes back soon after it was evicted. A flood of keys that nobody asks for twice therefore passes through the small
 * queue and leaves the main one as it was. A hit writes a counter and moves nothing.
 *
 * Why this and not an LRU, with numbers: `docs/decisions/0030-memory-tier-eviction.md`.
 */
export class MemoryStore<E extends Sized> implements MemoryTier<E> {
  readonly maxBytes: number;
  readonly #onEvict: ((entry: E, key: string) => void) | undefined;
  readonly #nodes = new Map<string, QueueNode<E>>();
  readonly #ghosts = new GhostTable();
  #probation = new FifoQueue<E>();
  #main = new FifoQueue<E>();

  /** @throws RangeError for a bound that is no positive number. */
  constructor({ maxBytes, onEvict }: MemoryStoreOptions<E>) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be positive, got ${maxBytes}`);
    this.maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get count(): number {
    return this.#nodes.size;
  }

  get usedBytes(): number {
    return this.#probation.usedBytes + this.#main.usedBytes;
  }

  get(key: string): E | undefined {
    const node = this.#nodes.get(key);
    if (node === undefined) return undefined;
    if (node.uses < MAX_USES) node.uses++;
    return node.entry;
  }

  peek(key: string): E | undefined {
    return this.#nodes.get(key)?.entry;
  }

  set(key: string, entry: E): boolean {
    const { sizeBytes } = entry;
    if (sizeBytes > this.maxBytes) {
      this.delete(key);
      return false;
    }
    const existing = this.#nodes.get(key);
    const node = existing ? this.#replace(existing, entry, sizeBytes) : this.#insert(key, entry, sizeBytes);
    while (this.usedBytes > this.maxBytes) this.#makeRoom(node);
    return true;
  }

  delete(key: string): boolean {
    const node = this.#nodes.get(key);
    if (!node) return false;
    // An entry that earned its place and is invalidated is likely to be loaded anew: let it have the place again.
    if (node.queue === this.#main) this.#ghosts.add(key);
    this.#remove(node);
    return true;
  }

  clear(): void {
    this.#nodes.clear();
    this.#ghosts.clear();
    this.#probation = new FifoQueue();
    this.#main = new FifoQueue();
  }

  forEach(visit: (entry: E, key: string) => void): void {
    this.#nodes.forEach((node, key) => visit(node.entry, key));
  }

  #insert(key: string, entry: E, sizeBytes: number): QueueNode<E> {
    const queue = this.#ghosts.take(key, this.#nodes.size) ? this.#main : this.#probation;
    const node: QueueNode<E> = { key, entry, sizeBytes, uses: 0, queue, newer: undefined, older: undefined };
    this.#nodes.set(key, node);
    this.#ghosts.reserve(this.#nodes.size);
    queue.push(node);
    return node;
  }

  #replace(node: QueueNode<E>, entry: E, sizeBytes: number): QueueNode<E> {
    const { queue } = node;
    queue.remove(node);
    node.entry = entry;
    node.sizeBytes = sizeBytes;
    queue.push(node);
    return node;
  }

  /** One step: evicts an entry, promotes one or gives one another round. Never evicts `spared`, the newest of its queue. */
  #makeRoom(spared: QueueNode<E>): void {
    const probation = this.#probation;
    const isProbationFull = probation.usedBytes > this.maxBytes * PROBATION_SHARE;
    const hasCandidate = probation.oldest !== undefined && probation.oldest !== spared;
    const isMainSpent = this.#main.oldest === undefined || (this.#main.oldest === spared && this.#main.count === 1);
    if (hasCandidate && (isProbationFull || isMainSpent)) this.#judge(probation.oldest as QueueNode<E>);
    else this.#sweep(this.#main.oldest as QueueNode<E>, spared);
  }

  /** The oldest on probation is promoted if it was used, and evicted otherwise. */
  #judge(node: QueueNode<E>): void {
    if (node.uses > 0) {
      this.#probation.remove(node);
      node.uses = 0;
      this.#main.push(node);
    } else {
      this.#ghosts.add(node.key);
      this.#evict(node);
    }
  }

  /** The oldest in the main queue gets another round for each use, up to three, and is evicted when it has none left. */
  #sweep(node: QueueNode<E>, spared: QueueNode<E>): void {
    if (node.uses > 0 || node === spared) {
      this.#main.remove(node);
      node.uses = Math.max(0, node.uses - 1);
      this.#main.push(node);
    } else {
      this.#evict(node);
    }
  }

  #evict(node: QueueNode<E>): void {
    this.#remove(node);
    this.#onEvict?.(node.entry, node.key);
  }

  #remove(node: QueueNode<E>): void {
    node.queue.remove(node);
    this.#nodes.delete(node.key);
  }
}
