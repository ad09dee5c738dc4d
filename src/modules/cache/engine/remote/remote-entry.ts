import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { EntryView } from '../contract/cache.js';
import type { Capture } from '../versions/dependency-table.js';

/** What a slot holds for a reader. */
export interface Examined {
  readonly found: Found | undefined;
  /** Stored-at of an entry that is there, valid or not, in Redis time: names it to the lease script. */
  readonly seenStoredAtMs: number | undefined;
}

/** An empty slot, a lease, or bytes that are no entry. */
export const NOTHING: Examined = { found: undefined, seenStoredAtMs: undefined };

/** An entry read from Redis whose value may be served: fresh, or stale within its grace. */
export class Found implements Examined {
  constructor(
    readonly value: unknown,
    readonly header: EnvelopeHeader,
    /** Past its ttl, or expired by tag. */
    readonly isStale: boolean,
    /** Bytes of the entry in Redis. */
    readonly sizeBytes: number,
    /** Redis's time when it was judged, not before it was stored. */
    readonly judgedAtMs: number,
    /** What it depends on, as it was then. Only for a stale value, which may be served later. */
    readonly capture: Capture | undefined,
    /** `KeyFence` mark from before it was asked for. */
    readonly fenceMark: number,
  ) {}

  get found(): this {
    return this;
  }

  get seenStoredAtMs(): number {
    return this.header.storedAtMs;
  }

  get isAbsent(): boolean {
    return this.header.isAbsent;
  }

  view(): EntryView<unknown> {
    return {
      value: this.value,
      tier: 'redis',
      ageMs: this.judgedAtMs - this.header.storedAtMs,
      ttlMs: this.header.freshUntilMs - this.judgedAtMs,
      isStale: this.isStale,
      sizeBytes: this.sizeBytes,
    };
  }
}
