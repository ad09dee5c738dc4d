import type { Capture } from './dependency-table.js';
import type { Sized } from './memory-tier.js';

/** A value in the memory tier. Times are monotonic milliseconds of this process's clock. */
export class MemoryEntry implements Sized {
  /** `DependencyTable.sequence` at which the capture was last found current. */
  checkedAt: number;
  #promise: Promise<unknown> | undefined;

  constructor(
    readonly value: unknown,
    /** The loader said there is nothing. */
    readonly isAbsent: boolean,
    readonly storedAtMs: number,
    public freshUntilMs: number,
    readonly staleUntilMs: number,
    /** Memory may not serve it past this, even while fresh: the tier's own bound on ttl. */
    readonly servableUntilMs: number,
    /** Stored while the log could not be followed: may be served until then all the same. */
    readonly unconfirmedUntilMs: number,
    readonly loadMs: number,
    readonly capture: Capture,
    checkedAt: number,
    readonly sizeBytes: number,
    /** Bytes of the encoded payload; 0 when it was never encoded. */
    readonly payloadBytes: number,
    /** When it was stored in Redis, in Redis's time: names it to the lease script. `undefined` when it is only here. */
    readonly remoteStoredAtMs: number | undefined,
  ) {
    this.checkedAt = checkedAt;
  }

  /** One resolved promise for every reader: a hit allocates nothing. */
  promise(): Promise<unknown> {
    return (this.#promise ??= Promise.resolve(this.value));
  }
}
