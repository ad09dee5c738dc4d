/** A source of values to load into the cache before they are requested. Register it with {@link WarmUpRegistry}. */
export interface WarmUpSource {
  /** For the log: `ProductsService@findOne`, `embeddings from texts.jsonl`. */
  readonly name: string;
  /** Sources with a lower order come first; sources of the same order run concurrently. Default 0. */
  readonly order?: number;
  /**
   * Loads every item once. Every instance runs it, so an item that is cached already should cost almost nothing. A failed
   * item is reported and does not end the run. A thrown error ends this source and no other.
   *
   * @param signal aborts when the application closes.
   */
  run(progress: WarmUpProgress, signal: AbortSignal): Promise<void>;
}

/** Reports the progress of a source. */
export interface WarmUpProgress {
  /** Sets the number of items, if it is known. */
  expect(total: number): void;
  /** Counts loaded items. Default one. */
  done(count?: number): void;
  /** Counts an item that could not be loaded. */
  failed(error: unknown): void;
}
