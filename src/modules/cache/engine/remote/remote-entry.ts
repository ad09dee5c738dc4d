import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { EntryView } from '../contract/cache.js';
import type { VersionSnapshot } from '../versions/dependency-table.js';

/** The result of reading one slot. */
export interface SlotResult {
  readonly entry: RemoteEntry | undefined;
  /** Stored-at of the entry in the slot, valid or not, in Redis time. Identifies the entry to the lease script. */
  readonly seenStoredAtMs: number | undefined;
  /** True for a slot without an entry that is leased: another load is under way. */
  readonly isLeased?: boolean;
  /** The answer that did not come within the budget, and may still come. It never rejects. */
  readonly late?: Promise<SlotResult | undefined>;
}

/** The result of reads whose answer is late. Each has a promise of its own. */
export class LateResult implements SlotResult {
  readonly entry = undefined;
  readonly seenStoredAtMs = undefined;
  readonly late: Promise<SlotResult | undefined>;
  #resolve!: (result: SlotResult | Promise<SlotResult> | undefined) => void;

  constructor() {
    this.late = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** `undefined`: the answer is not waited for any longer. */
  settle(result: SlotResult | Promise<SlotResult> | undefined): void {
    this.#resolve(result);
  }
}

/** An empty slot, or bytes that are no entry. */
export const NO_ENTRY: SlotResult = { entry: undefined, seenStoredAtMs: undefined };
export const LEASED: SlotResult = { entry: undefined, seenStoredAtMs: undefined, isLeased: true };

/** An entry read from Redis whose value may be served: fresh, or stale within its grace. */
export class RemoteEntry implements SlotResult {
  constructor(
    readonly value: unknown,
    readonly header: EnvelopeHeader,
    /** Past its ttl, or expired by tag. */
    readonly isStale: boolean,
    /** Bytes of the entry in Redis. */
    readonly sizeBytes: number,
    /** Redis's time when it was validated, not before it was stored. */
    readonly validatedAtMs: number,
    /** Its dependencies at that moment. Only for a stale value, which may be served later. */
    readonly snapshot: VersionSnapshot | undefined,
    /** `KeyFence` mark from before the slot was asked for. */
    readonly fenceMark: number,
  ) {}

  get entry(): this {
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
      ageMs: this.validatedAtMs - this.header.storedAtMs,
      ttlMs: this.header.freshUntilMs - this.validatedAtMs,
      isStale: this.isStale,
      sizeBytes: this.sizeBytes,
    };
  }
}
