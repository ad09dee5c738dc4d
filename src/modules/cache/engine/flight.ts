import type { EntryView } from './cache.js';
import type { Capture } from './dependency-table.js';
import type { SlotAddress } from './remote-tier.js';
import type { Version } from './version.js';

/** What a flight brought. */
export interface Outcome {
  readonly value: unknown;
  /** The loader (or a remembered miss) said that there is nothing. */
  readonly isAbsent: boolean;
  /** A tag that only the result named was invalidated during the load: callers who came after that must ask again. */
  readonly hasLateChange: boolean;
}

/**
 * One read or load of one key that is under way on this instance. Callers join it as long as nothing it depends on was
 * invalidated since it began; an invalidation of the key detaches it, so that a reader who starts later never gets what
 * was loaded before.
 */
export class Flight {
  readonly outcome: Promise<Outcome>;
  /** What the entry depends on, as it was before the loader ran. */
  capture: Capture;
  /** Versions of the capture's dependencies at that moment; `undefined` where Redis could not say. */
  versions: ReadonlyArray<Version | undefined> = [];
  /** `DependencyTable.sequence` at that moment. */
  captureSequence: number;
  /** A value within its grace, to serve when the loader fails or is slow. */
  stale: EntryView<unknown> | undefined;
  /** What the stale value depends on, as it was when it was found. */
  staleCapture: Capture | undefined;
  isDetached = false;
  /** Every caller has left. */
  isAbandoned = false;
  #callers = 0;
  #controller: AbortController | undefined;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (error: unknown) => void;
  #onStale: (() => void) | undefined;

  constructor(
    readonly key: string,
    readonly memoryKey: string,
    capture: Capture,
    /** `DependencyTable.sequence` at the start. */
    readonly startSequence: number,
    /** `KeyFence` mark at the start. */
    readonly fenceMark: number,
    readonly address: () => SlotAddress,
  ) {
    this.capture = capture;
    this.captureSequence = startSequence;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Every caller may have left; a failure nobody waits for is no unhandled rejection.
    this.outcome.catch(() => undefined);
  }

  succeed(outcome: Outcome): void {
    this.#resolve(outcome);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Offers a value to serve meanwhile. */
  offerStale(view: EntryView<unknown>, capture: Capture): void {
    this.stale = view;
    this.staleCapture = capture;
    this.#onStale?.();
  }

  /** Resolves once there is a stale value. */
  staleOffered(): Promise<void> {
    return this.stale === undefined
      ? new Promise((resolve) => (this.#onStale = chain(this.#onStale, resolve)))
      : Promise.resolve();
  }

  /** Aborts when every caller has left. Made when first asked for: most loaders don't. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isAbandoned) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Somebody waits for it. */
  get hasCallers(): boolean {
    return this.#callers > 0;
  }

  enter(): void {
    this.#callers++;
  }

  /** A caller gave up. When it was the last one the loader is told to stop, and nobody joins any more. */
  leave(): void {
    if (--this.#callers === 0) this.abandon();
  }

  /** Nobody wants the result any more. */
  abandon(): void {
    this.isDetached = true;
    this.isAbandoned = true;
    this.#controller?.abort();
  }
}

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return first === undefined
    ? second
    : () => {
        first();
        second();
      };
}
