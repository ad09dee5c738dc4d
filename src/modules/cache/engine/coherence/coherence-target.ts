import type { LogEntry } from '../ports/invalidation-log.js';

/** Why memory was emptied. */
export type FlushReason = 'log-trimmed' | 'log-lost' | 'log-rolled-back';

/** Effects of the log on this instance, as the log follower applies them. */
export interface CoherenceTarget {
  /** Invalidates the keys, tags and generations of the entry. */
  apply(entry: LogEntry): void;
  /** Empties the memory tier and forgets every version: any tag may have been invalidated. */
  flush(reason: FlushReason): void;
  /** Invalidates again, on every instance, the entries that Redis lost. Invalidations that Redis does not take go to the outbox. */
  reissue(entries: readonly LogEntry[]): Promise<void>;
  /** Clears the whole cache on every instance, since the lost entries are unknown. Rejects if Redis can't be reached. */
  reset(): Promise<void>;
}
