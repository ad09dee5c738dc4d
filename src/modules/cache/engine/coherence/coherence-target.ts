import type { LogEntry } from '../ports/invalidation-log.js';

/** Why memory was emptied. */
export type FlushReason = 'log-trimmed' | 'log-lost' | 'log-rolled-back';

/** What the follower does to this instance's memory tier. */
export interface CoherenceTarget {
  /** Makes void what the entry names. */
  apply(entry: LogEntry): void;
  /** Empties the memory tier and forgets every version. */
  flush(reason: FlushReason): void;
  /** Invalidates again, everywhere, what Redis lost; what Redis does not take waits in the outbox. */
  reissue(entries: readonly LogEntry[]): Promise<void>;
  /** Clears the whole namespace everywhere: what was lost is unknown. Rejects when Redis can't be reached. */
  reset(): Promise<void>;
}
