import { hashText } from '../../../../common/hash-text.js';

const MIN_SLOTS = 1_024;

/**
 * Remembers, by a 32-bit hash, which keys were evicted lately. Two words a slot instead of a key: a collision costs a
 * wrong guess about a key's worth, never a wrong value.
 */
export class GhostTable {
  #hashes = new Uint32Array(MIN_SLOTS);
  /** When each slot was written, counted in keys added; 0 when never or taken. */
  #addedAt = new Float64Array(MIN_SLOTS);
  #added = 0;

  /** Remembers the key. */
  add(key: string): void {
    const hash = hashOf(key);
    const slot = hash & (this.#hashes.length - 1);
    this.#hashes[slot] = hash;
    this.#addedAt[slot] = ++this.#added;
  }

  /** Whether the key is among the last `window` that were added; forgets it. */
  take(key: string, window: number): boolean {
    const hash = hashOf(key);
    const slot = hash & (this.#hashes.length - 1);
    const addedAt = this.#addedAt[slot] as number;
    if (this.#hashes[slot] !== hash || addedAt === 0 || this.#added - addedAt >= window) return false;
    this.#addedAt[slot] = 0;
    return true;
  }

  /** Makes room to tell `count` keys apart. The remembered keys are forgotten when that needs a larger table. */
  reserve(count: number): void {
    if (count * 2 <= this.#hashes.length) return;
    const slots = this.#hashes.length * 2;
    this.#hashes = new Uint32Array(slots);
    this.#addedAt = new Float64Array(slots);
  }

  clear(): void {
    this.#addedAt.fill(0);
  }
}

/** With a final mix, so that the low bits are worth as much as the others. */
function hashOf(key: string): number {
  const hash = hashText(key);
  return (hash ^ (hash >>> 15)) >>> 0;
}
