import type { Clock, TimerHandle } from '../../../../common/clock.js';
import type { MemoryLevel } from './memory-level.js';

/** Entries looked at before other work gets its turn. */
const ENTRIES_PER_STEP = 2_000;

/** The entries that a sweep removed from memory. */
export interface SweptEntries {
  readonly count: number;
  readonly freedBytes: number;
}

/**
 * Removes entries from memory that a clear has made invalid. A clear itself takes constant time: its entries are never served
 * again, but would stay in memory until a read or the eviction policy meets them. A sweep looks at every entry once, in steps
 * that leave room for other work. A clear during a sweep is followed by another sweep.
 */
export class MemorySweeper {
  #step: TimerHandle | undefined;
  #isRequestedAgain = false;

  constructor(
    private readonly memory: MemoryLevel,
    private readonly clock: Clock,
    private readonly onSwept: (swept: SweptEntries) => void,
  ) {}

  /** Starts a sweep soon. Does nothing for an empty memory tier. */
  request(): void {
    if (this.memory.store.count === 0) return;
    if (this.#step !== undefined) this.#isRequestedAgain = true;
    else this.#schedule(this.memory.store.values(), { count: 0, freedBytes: 0 });
  }

  stop(): void {
    this.#step?.cancel();
    this.#step = undefined;
  }

  #schedule(entries: ReturnType<MemoryLevel['store']['values']>, swept: SweptEntries): void {
    this.#step = this.clock.setTimer(() => this.#run(entries, swept), 0);
  }

  #run(entries: ReturnType<MemoryLevel['store']['values']>, { count, freedBytes }: SweptEntries): void {
    for (let looked = 0; looked < ENTRIES_PER_STEP; looked++) {
      const { done, value: entry } = entries.next();
      if (done === true) return this.#finish({ count, freedBytes });
      if (!this.memory.deleteIfInvalid(entry)) continue;
      count++;
      freedBytes += entry.sizeBytes;
    }
    this.#schedule(entries, { count, freedBytes });
  }

  #finish(swept: SweptEntries): void {
    this.#step = undefined;
    if (swept.count > 0) this.onSwept(swept);
    if (!this.#isRequestedAgain) return;
    this.#isRequestedAgain = false;
    this.request();
  }
}
