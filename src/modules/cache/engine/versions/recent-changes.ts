import { BoundedMap } from '../../../../common/bounded-map.js';

/** Ids that have changed lately, with the sequence of their last change. A change that was forgotten counts for every id. */
export class RecentChanges {
  readonly #sequences: BoundedMap<string, number>;
  /** Changes up to this sequence are forgotten. */
  #floor = 0;

  constructor(maxSize: number) {
    this.#sequences = new BoundedMap(maxSize);
  }

  add(id: string, sequence: number): void {
    const forgotten = this.#sequences.set(id, sequence);
    if (forgotten !== undefined) this.#floor = forgotten[1];
  }

  /** Whether the id may have changed after `sequence`. */
  hasChangedSince(id: string, sequence: number): boolean {
    return sequence < this.#floor || (this.#sequences.get(id) ?? 0) > sequence;
  }

  /** Every id counts as changed at `sequence`. */
  addAll(sequence: number): void {
    this.#sequences.clear();
    this.#floor = sequence;
  }
}
