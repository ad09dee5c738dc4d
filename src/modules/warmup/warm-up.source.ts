/** Something that can be loaded into the cache ahead of its callers. Register it with {@link WarmUpRegistry}. */
export interface WarmUpSource {
  /** For the log: `ProductsService@findOne`, `embeddings from texts.jsonl`. */
  readonly name: string;
  /** Lower comes first; sources of one order run side by side. Default 0. */
  readonly order?: number;
  /**
   * Loads everything once. What is cached already should cost next to nothing: every instance runs it. A single item that
   * fails is reported and does not end the run; what is thrown ends this source and no other.
   *
   * @param signal aborts when the application closes.
   */
  run(progress: WarmUpProgress, signal: AbortSignal): Promise<void>;
}

/** How far a source is. */
export interface WarmUpProgress {
  /** Says how many items there will be, where that is known. */
  expect(total: number): void;
  /** More items are in the cache. Default one. */
  done(count?: number): void;
  /** An item could not be loaded. */
  failed(error: unknown): void;
}
