import type { Resident } from '../../engine/ports/memory-tier.js';

/** A first-in, first-out queue that knows its bytes and from which anything can be taken out in O(1). */
export class FifoQueue<E extends Resident> {
  #newest: E | undefined;
  #oldest: E | undefined;
  #count = 0;
  #usedBytes = 0;

  get oldest(): E | undefined {
    return this.#oldest;
  }

  get count(): number {
    return this.#count;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  push(entry: E): void {
    entry.queue = this;
    entry.newer = undefined;
    entry.older = this.#newest;
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#count++;
    this.#usedBytes += entry.sizeBytes;
  }

  remove(entry: E): void {
    if (entry.newer) entry.newer.older = entry.older;
    else this.#newest = entry.older as E | undefined;
    if (entry.older) entry.older.newer = entry.newer;
    else this.#oldest = entry.newer as E | undefined;
    this.#count--;
    this.#usedBytes -= entry.sizeBytes;
    // An item that has left must not keep items that stay in memory.
    entry.queue = entry.newer = entry.older = undefined;
  }
}
