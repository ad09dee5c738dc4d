import type { Clock } from '../../../../common/clock.js';
import { estimateSize } from '../../codec/estimate-size.js';
import { freezePlain } from '../../codec/freeze-plain.js';
import type { EntryView } from '../contract/cache.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import { type EntryParts, MemoryEntry } from './memory-entry.js';
import type { MemoryTier } from '../ports/memory-tier.js';
import type { TrustWindow } from './trust-window.js';

/** Bytes of an entry beside its key and value, as `bench/memory.mjs` measures: the object with its times and promise, its capture, its place in the map. */
const ENTRY_OVERHEAD_BYTES = 600;

/** An entry to put into memory. `payloadBytes` is 0 when unknown. */
export type MemoryWrite = Omit<EntryParts, 'servableUntilMs' | 'unconfirmedUntilMs' | 'checkedAt' | 'sizeBytes'>;

/** Bounds of the memory tier. */
export interface MemoryLimits {
  /** No entry is served from memory for longer than this after it was stored, milliseconds. */
  readonly maxTtlMs: number;
  /** Entries stored while the log could not be followed are served for this long, milliseconds. */
  readonly fallbackTtlMs: number;
  /** Larger values are not kept. Values that were never encoded count by their estimated size. */
  readonly maxValueBytes: number;
}

/**
 * The memory tier as the engine uses it: decides whether an entry may be served now. An entry is served while it is
 * fresh, nothing it depends on was invalidated, and the log was followed lately.
 */
export class MemoryLevel {
  #isClosed = false;

  constructor(
    readonly store: MemoryTier<MemoryEntry>,
    private readonly table: DependencyTable,
    private readonly trust: TrustWindow,
    private readonly clock: Clock,
    private readonly limits: MemoryLimits,
  ) {}

  /** False without a memory tier, and after {@link close}. */
  get isEnabled(): boolean {
    return this.store.maxBytes > 0 && !this.#isClosed;
  }

  /** A fresh entry that may be served now. The hot path: no allocation, no await. */
  fresh(memoryKey: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.store.get(memoryKey);
    if (entry === undefined) return undefined;
    if (entry.checkedAt !== this.table.sequence && !this.#recheck(memoryKey, entry)) return undefined;
    if (!entry.isFresh(nowMs)) return undefined;
    if (nowMs >= this.trust.untilMs && nowMs >= entry.unconfirmedUntilMs) return undefined;
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
    if (nowMs >= this.trust.untilMs && nowMs >= entry.unconfirmedUntilMs) return undefined;
    return entry;
  }

  /** Empties the tier for good: a load that ends later stores nothing. */
  close(): void {
    this.#isClosed = true;
    this.store.clear();
  }

  /** Deletes an entry if a dependency of it was invalidated; returns whether it did. */
  deleteIfInvalid(entry: MemoryEntry): boolean {
    if (this.table.check(entry.snapshot) !== 'invalidated') return false;
    return this.store.delete(entry.key);
  }

  /** Returns whether the value is in memory now: not where there is no memory tier, nor if the value is too large. */
  put(memoryKey: string, write: MemoryWrite): boolean {
    if (!this.isEnabled) return false;
    const valueBytes = write.payloadBytes > 0 ? write.payloadBytes : estimateSize(write.value);
    if (write.payloadBytes === 0 && valueBytes > this.limits.maxValueBytes) {
      this.store.delete(memoryKey);
      return false;
    }
    const value = freezePlain(write.value);
    // At rest the next read opens the window first.
    const isTrusted = this.trust.isResting || write.storedAtMs < this.trust.untilMs;
    const entry = new MemoryEntry({
      ...write,
      value,
      servableUntilMs: write.storedAtMs + this.limits.maxTtlMs,
      unconfirmedUntilMs: isTrusted ? Number.NEGATIVE_INFINITY : write.storedAtMs + this.limits.fallbackTtlMs,
      checkedAt: this.table.check(write.snapshot) === 'current' ? this.table.sequence : -1,
      sizeBytes: valueBytes + memoryKey.length * 2 + ENTRY_OVERHEAD_BYTES,
    });
    this.table.retain(entry.snapshot);
    if (this.store.set(memoryKey, entry)) return true;
    this.table.release(entry.snapshot);
    return false;
  }

  /** Bytes of the entries and of the tags that are known. */
  get usedBytes(): number {
    return this.store.usedBytes + (this.isEnabled ? this.table.tagBytes : 0);
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

  /** Something was invalidated since the entry was last checked. Returns whether the entry is still valid. */
  #recheck(memoryKey: string, entry: MemoryEntry): boolean {
    const state = this.table.check(entry.snapshot);
    if (state === 'invalidated') {
      this.store.delete(memoryKey);
      return false;
    }
    if (state === 'expired') entry.expire();
    entry.checkedAt = this.table.sequence;
    return true;
  }
}
