import { hashText } from '../../../common/hash-text.js';

const STRIPES = 4_096;

/**
 * Tells whether a key was invalidated since a read of it began, so that what that read brings is not put into memory.
 * Keys share stripes: a neighbour's invalidation costs a promotion now and then, never correctness.
 */
export class KeyFence {
  readonly #stripes = new Uint32Array(STRIPES);
  #all = 0;

  /** A mark to compare later. */
  mark(memoryKey: string): number {
    return this.#stripes[hashText(memoryKey) % STRIPES]! + this.#all;
  }

  /** Both parts only grow, so an equal sum means that neither moved. */
  isUnchanged(memoryKey: string, mark: number): boolean {
    return this.mark(memoryKey) === mark;
  }

  raise(memoryKey: string): void {
    this.#stripes[hashText(memoryKey) % STRIPES]!++;
  }

  raiseAll(): void {
    this.#all++;
  }
}
