import type { Clock } from '../../../../common/clock.js';
import { estimateSize } from '../../codec/estimate-size.js';
import { freezePlain } from '../../codec/freeze-plain.js';
import type { EntryView } from '../contract/cache.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import { type EntryParts, MemoryEntry } from './memory-entry.js';
import type { MemoryTier } from '../ports/memory-tier.js';

/** Bytes of an entry beside its key and value, as `bench/memory.mjs` measures: the object with its times and promise, its capture, its place in the map. */
const ENTRY_OVERHEAD_BYTES = 600;

/** What goes into memory. `payloadBytes` is 0 when unknown. */
export type MemoryWrite = Omit<EntryParts, 'servableUntilMs' | 'unconfirmedUntilMs' | 'checkedAt' | 'sizeBytes'>;

/** How long memory may serve what it has heard nothing about. */
export interface TrustSource {
  readonly trustedUntilMs: number;
}

/** Without Redis nobody else can invalidate: memory is always trusted. */
export const ALWAYS_TRUSTED: TrustSource = { trustedUntilMs: Number.POSITIVE_INFINITY };

/**
 * The memory tier as the engine uses it: decides whether an entry may be served now. An entry is served while it is
 * fresh, nothing it depends on was invalidated, and the log was followed lately.
 */
export class MemoryLevel {
  trust: TrustSource = ALWAYS_TRUSTED;
  #isClosed = false;

  constructor(
    readonly store: MemoryTier<MemoryEntry>,
    private readonly table: DependencyTable,
    private readonly clock: Clock,
    private readonly maxTtlMs: number,
    /** Entries stored while the log could not be followed are served for this long. */
    private readonly fallbackTtlMs: number,
    /** Larger values are not kept; those that were never encoded by their estimated size. */
    private readonly maxValueBytes = Number.POSITIVE_INFINITY,
  ) {}

  /** Whether there is a memory tier, and still. */
  get isEnabled(): boolean {
    return this.store.maxBytes > 0 && !this.#isClosed;
  }

  /** A fresh entry that may be served now. The hot path: no allocation, no await. */
  fresh(memoryKey: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.store.get(memoryKey);
    if (entry === undefined) return undefined;
    if (entry.checkedAt !== this.table.sequence && !this.#recheck(memoryKey, entry)) return undefined;
    if (!entry.isFresh(nowMs)) return undefined;
    if (nowMs >= this.trust.trustedUntilMs && nowMs >= entry.unconfirmedUntilMs) return undefined;
    return entry;
  }

  /** An entry within its grace (or fresh) that nothing invalidated, for when the loader fails or is slow. */
  stale(memoryKey: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.store.peek(memoryKey);
    if (entry === undefined) return undefined;
    if (entry.checkedAt !== this.table.sequence && !this.#recheck(memoryKey, entry)) return undefined;
    if (nowMs >= entry.staleUntilMs || nowMs >= entry.servableUntilMs) {
      this.store.delete(memoryKey);
      return undefined;
    }
    if (nowMs >= this.trust.trustedUntilMs && nowMs >= entry.unconfirmedUntilMs) return undefined;
    return entry;
  }

  /** Empties it for good: a load that ends later stores nothing. */
  close(): void {
    this.#isClosed = true;
    this.store.clear();
  }

  put(memoryKey: string, write: MemoryWrite): void {
    if (!this.isEnabled) return;
    const valueBytes = write.payloadBytes > 0 ? write.payloadBytes : estimateSize(write.value);
    if (write.payloadBytes === 0 && valueBytes > this.maxValueBytes) return void this.store.delete(memoryKey);
    const value = freezePlain(write.value);
    const isTrusted = write.storedAtMs < this.trust.trustedUntilMs;
    const entry = new MemoryEntry({
      ...write,
      value,
      servableUntilMs: write.storedAtMs + this.maxTtlMs,
      unconfirmedUntilMs: isTrusted ? Number.NEGATIVE_INFINITY : write.storedAtMs + this.fallbackTtlMs,
      checkedAt: this.table.check(write.capture) === 'current' ? this.table.sequence : -1,
      sizeBytes: valueBytes + memoryKey.length * 2 + ENTRY_OVERHEAD_BYTES,
    });
    this.store.set(memoryKey, entry);
  }

  view(entry: MemoryEntry, nowMs = this.clock.nowMs()): EntryView<unknown> {
    return {
      value: entry.value,
      tier: 'memory',
      ageMs: nowMs - entry.storedAtMs,
      ttlMs: entry.freshUntilMs - nowMs,
      isStale: nowMs >= entry.freshUntilMs,
      sizeBytes: entry.payloadBytes,
    };
  }

  /** Something was invalidated since the entry was last looked at: was it this one? */
  #recheck(memoryKey: string, entry: MemoryEntry): boolean {
    const state = this.table.check(entry.capture);
    if (state === 'invalidated') {
      this.store.delete(memoryKey);
      return false;
    }
    if (state === 'expired') entry.expire();
    entry.checkedAt = this.table.sequence;
    return true;
  }
}
