import type { StoredResponse } from './stored-response.js';

/** The result of one run of a handler, for the requests that wait for it. */
export type CaptureResult =
  | {
      readonly kind: 'store';
      readonly response: StoredResponse;
      readonly ttlMs: number | undefined;
      readonly isError: boolean;
      readonly allowsStale: boolean;
    }
  | { readonly kind: 'share'; readonly response: StoredResponse }
  | { readonly kind: 'private' }
  /** The run ended without a response: another request has to run the handler. */
  | { readonly kind: 'abandoned' };

/** The handler failed, and a stale response may be served instead. */
export class HandlerFailedError extends Error {
  /** @param response the error response, for the requests that waited for this run; `undefined` when it is private. */
  constructor(readonly response: StoredResponse | undefined) {
    super('The handler failed.');
    this.name = 'HandlerFailedError';
  }
}

/** One run of a handler whose response other requests wait for. It is settled once; later calls do nothing. */
export class ResponseCapture {
  readonly #settling = Promise.withResolvers<CaptureResult>();

  constructor() {
    // A failure without waiting requests is no unhandled rejection.
    this.result.catch(() => undefined);
  }

  get result(): Promise<CaptureResult> {
    return this.#settling.promise;
  }

  settle(result: CaptureResult): void {
    this.#settling.resolve(result);
  }

  fail(error: Error): void {
    this.#settling.reject(error);
  }

  /** The response belongs to its client alone. The requests that wait then run the handler themselves. */
  keepPrivate(): void {
    this.settle({ kind: 'private' });
  }

  /** The run ended without a response. One of the requests that wait runs the handler for the others. */
  abandon(): void {
    this.settle({ kind: 'abandoned' });
  }
}
