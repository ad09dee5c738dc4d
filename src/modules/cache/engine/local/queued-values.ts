import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { SlotAddress } from '../ports/remote-tier.js';
import type { Dependency } from '../versions/dependency-table.js';

/** The value of a `set` that Redis did not acknowledge, with the state of this instance at the call. */
export interface QueuedValue {
  readonly address: SlotAddress;
  readonly value: unknown;
  /** Estimated size, bytes. */
  readonly sizeBytes: number;
  /** When `set` was called, monotonic milliseconds. */
  readonly calledAtMs: number;
  readonly freshMs: number;
  readonly graceMs: number;
  readonly compressAboveBytes: number;
  /** Generations first, then tags. */
  readonly dependencies: readonly Dependency[];
  /** `localChanges` of the dependencies at the call. */
  readonly localChanges: readonly number[];
  /** The current versions of the dependencies as a header carries them. */
  readonly versionsInHeader: () => Pick<EnvelopeHeader, 'generations' | 'tags'>;
}

/** Bounds of the values that wait. */
export interface QueuedValuesLimits {
  readonly maxValues: number;
  readonly maxBytes: number;
}

const DEFAULT_LIMITS: QueuedValuesLimits = { maxValues: 1_000, maxBytes: 16 * 2 ** 20 };

/**
 * Values that wait for Redis: at most one for each key, that of the last `set`. Past the bounds the oldest is dropped; of its
 * `set` only the removal of the value before reaches Redis.
 */
export class QueuedValues {
  readonly #values = new Map<string, QueuedValue>();
  #bytes = 0;

  constructor(private readonly limits = DEFAULT_LIMITS) {}

  get size(): number {
    return this.#values.size;
  }

  /** All of them, oldest first. */
  all(): QueuedValue[] {
    return [...this.#values.values()];
  }

  has(value: QueuedValue): boolean {
    return this.#values.get(value.address.memoryKey) === value;
  }

  add(value: QueuedValue): void {
    const { memoryKey } = value.address;
    this.drop(memoryKey);
    this.#values.set(memoryKey, value);
    this.#bytes += value.sizeBytes;
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.limits.maxValues && this.#bytes <= this.limits.maxBytes) break;
      this.drop(oldest);
    }
  }

  /** The key was written or invalidated since. */
  drop(memoryKey: string): void {
    const value = this.#values.size === 0 ? undefined : this.#values.get(memoryKey);
    if (value === undefined) return;
    this.#values.delete(memoryKey);
    this.#bytes -= value.sizeBytes;
  }

  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
  }
}
