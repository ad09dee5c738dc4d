import type { Sized } from '../../engine/memory-tier.js';

/** An entry's place in a queue. */
export interface QueueNode<E extends Sized> {
  readonly key: string;
  entry: E;
  /** The entry's `sizeBytes` when it was stored. */
  sizeBytes: number;
  /** Uses since it entered the queue, counted to 3. */
  uses: number;
  queue: FifoQueue<E>;
  newer: QueueNode<E> | undefined;
  older: QueueNode<E> | undefined;
}

/** A first-in, first-out queue that knows its bytes and from which any node can be taken out in O(1). */
export class FifoQueue<E extends Sized> {
  #newest: QueueNode<E> | undefined;
  #oldest: QueueNode<E> | undefined;
  #count = 0;
  #usedBytes = 0;

  get oldest(): QueueNode<E> | undefined {
    return this.#oldest;
  }

  get count(): number {
    return this.#count;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  push(node: QueueNode<E>): void {
    node.queue = this;
    node.newer = undefined;
    node.older = this.#newest;
    if (this.#newest) this.#newest.newer = node;
    else this.#oldest = node;
    this.#newest = node;
    this.#count++;
    this.#usedBytes += node.sizeBytes;
  }

  remove(node: QueueNode<E>): void {
    if (node.newer) node.newer.older = node.older;
    else this.#newest = node.older;
    if (node.older) node.older.newer = node.newer;
    else this.#oldest = node.newer;
    this.#count--;
    this.#usedBytes -= node.sizeBytes;
  }
}
