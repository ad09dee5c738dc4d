import { hashText } from '../../../../common/hash-text.js';

const STRIPES = 4_096;

/**
 * Tells whether a key was invalidated since a read of it began. The result of such a read is neither put into memory nor
 * shared with other callers.
 *
 * Invariant: after `raise(key)`, `isUnchanged(key, mark)` is false for every mark taken before. Keys share stripes, so the
 * invalidation of another key on the same stripe costs a promotion now and then, never correctness.
 */
export class KeyFence {
  /** Every raise has a number; a stripe has that of its last one. */
  readonly #raisedAt = new Float64Array(STRIPES);
  #allRaisedAt = 0;
  #raises = 0;

  /** A mark to compare later, of any key. */
  mark(): number {
    return this.#raises;
  }

  isUnchanged(memoryKey: string, mark: number): boolean {
    return this.#allRaisedAt <= mark && this.#raisedAt[stripeOf(memoryKey)]! <= mark;
  }

  raise(memoryKey: string): void {
    this.#raisedAt[stripeOf(memoryKey)] = ++this.#raises;
  }

  raiseAll(): void {
    this.#allRaisedAt = ++this.#raises;
  }
}

function stripeOf(memoryKey: string): number {
  return hashText(memoryKey) % STRIPES;
}
