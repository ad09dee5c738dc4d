import { Injectable } from '@nestjs/common';
import { systemClock } from '../../../common/clock.js';
import { type VectorSpace, VectorSpacesRepository } from '../database/vector-spaces.repository.js';
import type { IndexCounts } from '../documents.schemas.js';

/** Counts are taken at most this often: they read whole indexes. */
const COUNTED_MS = 1_000;

/** The state of this instance's indexer. */
export type IndexerState =
  /** Nothing has used the embedded database yet, so it is left alone. */
  | 'idle'
  | 'indexing'
  /** Every document has its vector. */
  | 'complete'
  /** Another instance indexes. */
  | 'standby'
  /** The model or the database failed; it is tried again. */
  | 'waiting'
  /** `DOCUMENTS_INDEXING` is off. */
  | 'off';

/** How far the index is, for health pages and the dashboard; reading it costs nothing. */
export interface IndexProgress extends Partial<IndexCounts> {
  readonly state: IndexerState;
  readonly model: string;
  readonly dimensions: number;
  /** Why it waits: never a text. */
  readonly reason?: string;
}

/** The progress of the index as this instance knows it. */
@Injectable()
export class IndexCounter {
  private counts: IndexCounts | undefined;
  private counting: Promise<IndexCounts> | undefined;
  private countedMs = -Infinity;

  constructor(private readonly spaces: VectorSpacesRepository) {}

  /** As counted last. */
  get latest(): IndexCounts | undefined {
    return this.counts;
  }

  /** Counts that are a second old at most. */
  count(space: VectorSpace | undefined): Promise<IndexCounts> {
    if (this.counts && systemClock.nowMs() - this.countedMs < COUNTED_MS) return Promise.resolve(this.counts);
    this.counting ??= this.spaces
      .count(space)
      .then((counts) => {
        this.counts = counts;
        this.countedMs = systemClock.nowMs();
        return counts;
      })
      .finally(() => (this.counting = undefined));
    return this.counting;
  }

  /** The next {@link count} asks the database. */
  forget(): void {
    this.countedMs = -Infinity;
  }
}
