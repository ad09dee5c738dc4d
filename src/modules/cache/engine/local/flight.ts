import type { EntryView } from '../contract/cache.js';
import type { Capture } from '../versions/dependency-table.js';
import type { SlotAddress } from '../ports/remote-tier.js';
import type { Version } from '../versions/version.js';

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
  #callers = 0;
  #abandonedBecause: unknown;
  #onAbandoned: (() => void) | undefined;
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

  /** Nobody wants the result any more: the last caller gave up, or the cache closes. */
  get isAbandoned(): boolean {
    return this.#abandonedBecause !== undefined;
  }

  /** Aborts when the flight is abandoned. Made when first asked for: most loaders don't. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onAbandoned((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /** Calls once when the flight is abandoned; at once when it was. */
  onAbandoned(listener: (reason: unknown) => void): void {
    const tell = (): void => listener(this.#abandonedBecause);
    if (this.isAbandoned) tell();
    else this.#onAbandoned = chain(this.#onAbandoned, tell);
  }

  /** Somebody waits for it. */
  get hasCallers(): boolean {
    return this.#callers > 0;
  }

  enter(): void {
    this.#callers++;
  }

  /** A caller has what it wants, or will not wait longer: the flight goes on for those who ask next. */
  leave(): void {
    this.#callers--;
  }

  /** A caller does not want it any more. When it was the last one the loader is told to stop. */
  giveUp(): void {
    this.leave();
    if (!this.hasCallers) this.abandon(new DOMException('Nobody waits for this load any more.', 'AbortError'));
  }

  /** Ends it for everyone: the loader is told to stop, and nobody joins any more. */
  abandon(reason: Error): void {
    if (this.isAbandoned) return;
    this.isDetached = true;
    this.#abandonedBecause = reason;
    this.fail(reason);
    this.#onAbandoned?.();
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
