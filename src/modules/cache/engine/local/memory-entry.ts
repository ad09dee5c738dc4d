import type { VersionSnapshot } from '../versions/dependency-table.js';
import type { Resident } from '../ports/memory-tier.js';

/** The parts of an entry. Times are monotonic milliseconds of this process's clock. */
export interface EntryParts {
  readonly value: unknown;
  /** The loader said there is nothing. */
  readonly isAbsent: boolean;
  readonly storedAtMs: number;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
  /** Memory may not serve it past this, even while fresh: the tier's own bound on ttl. */
  readonly servableUntilMs: number;
  /** Stored while the log could not be followed: may be served until then all the same. */
  readonly unconfirmedUntilMs: number;
  readonly loadMs: number;
  readonly snapshot: VersionSnapshot;
  /** `DependencyTable.sequence` at which the capture was last found current. */
  readonly checkedAt: number;
  readonly sizeBytes: number;
  /** Bytes of the encoded payload; 0 when it was never encoded. */
  readonly payloadBytes: number;
  /** When it was stored in Redis, in Redis's time: names it to the lease script. `undefined` when it is only here. */
  readonly remoteStoredAtMs: number | undefined;
}

/** Whole numbers are kept in the entry itself; a time with its fraction would be an object to look up elsewhere. */
const STEP_MS = 64;
const MAX_STEPS = 2 ** 30;

/**
 * A value in the memory tier. The fields that a hit reads come first: with many entries it waits for memory more than for
 * anything else, and this is one line of the processor's cache.
 */
export class MemoryEntry implements EntryParts, Resident {
  uses = 0;
  checkedAt: number;
  #freshSteps: number;
  /** One resolved promise for every reader: a hit allocates nothing. Made at once, so that it lies beside the entry. */
  readonly promise: Promise<unknown>;
  readonly value: unknown;
  key = '';
  queue: object | undefined;
  newer: Resident | undefined;
  older: Resident | undefined;
  readonly sizeBytes: number;
  readonly isAbsent: boolean;
  readonly storedAtMs: number;
  #freshUntilMs: number;
  readonly staleUntilMs: number;
  readonly servableUntilMs: number;
  readonly unconfirmedUntilMs: number;
  readonly loadMs: number;
  readonly snapshot: VersionSnapshot;
  readonly payloadBytes: number;
  readonly remoteStoredAtMs: number | undefined;

  constructor(parts: EntryParts) {
    this.checkedAt = parts.checkedAt;
    this.#freshSteps = stepsUntil(Math.min(parts.freshUntilMs, parts.servableUntilMs));
    this.promise = Promise.resolve(parts.value);
    // A thenable is asked at once: should it fail before anyone reads it, that is no unhandled rejection.
    if (isThenable(parts.value)) this.promise.catch(() => undefined);
    this.value = parts.value;
    this.sizeBytes = parts.sizeBytes;
    this.isAbsent = parts.isAbsent;
    this.storedAtMs = parts.storedAtMs;
    this.#freshUntilMs = parts.freshUntilMs;
    this.staleUntilMs = parts.staleUntilMs;
    this.servableUntilMs = parts.servableUntilMs;
    this.unconfirmedUntilMs = parts.unconfirmedUntilMs;
    this.loadMs = parts.loadMs;
    this.snapshot = parts.snapshot;
    this.payloadBytes = parts.payloadBytes;
    this.remoteStoredAtMs = parts.remoteStoredAtMs;
  }

  get freshUntilMs(): number {
    return this.#freshUntilMs;
  }

  /** Fresh, and within the tier's bound. */
  isFresh(nowMs: number): boolean {
    return nowMs < this.#freshSteps * STEP_MS || (nowMs < this.#freshUntilMs && nowMs < this.servableUntilMs);
  }

  /** From now on it is stale. */
  expire(): void {
    this.#freshSteps = 0;
    this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }
}

/** Whole steps that are certainly over before then. */
function stepsUntil(untilMs: number): number {
  return Math.max(0, Math.min(Math.floor(untilMs / STEP_MS), MAX_STEPS));
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
