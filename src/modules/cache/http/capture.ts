import type { StoredResponse } from './stored-response.js';

/** What a run of the handler came to, for the requests that wait for it. */
export type Captured =
  | {
      readonly kind: 'store';
      readonly response: StoredResponse;
      readonly ttlMs: number | undefined;
      readonly isError: boolean;
    }
  | { readonly kind: 'share'; readonly response: StoredResponse }
  | { readonly kind: 'private' };

/** The handler failed, and a stale response may be served instead. */
export class HandlerFailedError extends Error {
  /** @param response for those who asked at the same time, where it is not for one of them alone. */
  constructor(readonly response: StoredResponse | undefined) {
    super('The handler failed.');
    this.name = 'HandlerFailedError';
  }
}

/** One run of a handler whose response others wait for. Settled once; later calls do nothing. */
export class Capture {
  readonly result: Promise<Captured>;
  #resolve!: (captured: Captured) => void;
  #reject!: (error: Error) => void;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.result.catch(() => undefined);
  }

  settle(captured: Captured): void {
    this.#resolve(captured);
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  /** The request ended without a response of its own (its client left): those who wait ask for themselves. */
  abandon(): void {
    this.settle({ kind: 'private' });
  }
}
