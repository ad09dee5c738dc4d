import type { MemoryTier, Resident } from './memory-tier.js';

/** No memory tier: nothing is kept. */
export class NoMemoryTier<E extends Resident> implements MemoryTier<E> {
  readonly count = 0;
  readonly usedBytes = 0;
  readonly maxBytes = 0;

  get(): undefined {}
  peek(): undefined {}
  set(): boolean {
    return false;
  }
  delete(): boolean {
    return false;
  }
  clear(): void {}
  values(): MapIterator<E> {
    return new Map<string, E>().values();
  }
}
