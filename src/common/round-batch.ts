/** A call of {@link RoundBatch.send}. */
interface Call<T, R> {
  readonly items: readonly T[];
  readonly resolve: (answers: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends the items of one round of the event loop together. Loads that were started together end in many callbacks of one
 * round, so a batch per callback would hold one item.
 *
 * The first calls of a round are sent at the end of their tick: a single item does not wait. Calls later in the round are sent
 * at its end. A round lasts for as long as each look at its end finds calls.
 */
export class RoundBatch<T, R> {
  #calls: Call<T, R>[] = [];
  #isRoundOpen = false;

  constructor(
    /** Answers in the order of the items. */
    private readonly sendAll: (items: readonly T[]) => Promise<readonly R[]>,
  ) {}

  /** Answers in the order of `items`. */
  send(items: readonly T[]): Promise<readonly R[]> {
    if (!this.#isRoundOpen) {
      this.#isRoundOpen = true;
      process.nextTick(this.#flush);
      setImmediate(this.#endRound);
    }
    return new Promise((resolve, reject) => this.#calls.push({ items, resolve, reject }));
  }

  readonly #flush = (): void => {
    const calls = this.#calls;
    if (calls.length === 0) return;
    this.#calls = [];
    void this.#sendCalls(calls);
  };

  readonly #endRound = (): void => {
    this.#isRoundOpen = this.#calls.length > 0;
    if (!this.#isRoundOpen) return;
    this.#flush();
    setImmediate(this.#endRound);
  };

  async #sendCalls(calls: readonly Call<T, R>[]): Promise<void> {
    try {
      const answers = await this.sendAll(calls.length === 1 ? calls[0]!.items : calls.flatMap(({ items }) => items));
      let from = 0;
      for (const { items, resolve } of calls) resolve(answers.slice(from, (from += items.length)));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}
