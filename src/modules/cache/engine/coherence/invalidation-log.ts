import type { LogId } from '../versions/log-id.js';
import type { LogEntry } from './announcement.js';

/** The log as a follower needs it: one capped stream per partition. Methods answer `undefined` when Redis can't. */
export interface InvalidationLog {
  readonly partitions: number;
  /** Entries kept, about. */
  readonly length: number;
  /** The last position of every partition (`LOG_START` for an empty or lost log). */
  tails(): Promise<readonly LogId[] | undefined>;
  /**
   * Appends an entry that says nothing and gives its id: an empty log has no place to follow from. A `reset` says that the
   * log had lost entries and that all they may have said was made void, so that one instance does so and not every one.
   */
  begin(partition: number, kind: 'start' | 'reset'): Promise<LogId | undefined>;
  /** Entries after a position, oldest first, at most `limit`; unreadable ones are skipped (their successor shows a gap). */
  readAfter(partition: number, after: LogId, limit: number): Promise<readonly LogEntry[] | undefined>;
}

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
