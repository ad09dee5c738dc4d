/** The end of a cache: happens once, however often it is asked for. */
export class Closing {
  #closing: Promise<void> | undefined;

  constructor(private readonly steps: () => Promise<void>) {}

  /** From the first call of {@link run} on. Read at every call of the cache. */
  get hasBegun(): boolean {
    return this.#closing !== undefined;
  }

  /** Resolves when it is over. */
  run(): Promise<void> {
    return (this.#closing ??= Promise.resolve().then(this.steps));
  }
}
