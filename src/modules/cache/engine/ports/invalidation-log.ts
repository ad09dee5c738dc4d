import type { LogId } from '../versions/log-id.js';
import type { Version } from '../versions/version.js';

/** The content of an entry of the invalidation log: keys, tags and generations, never a value. */
export interface LogBody {
  /** Id of the instance that invalidated. */
  readonly source: string;
  /** Memory keys. */
  readonly keys: readonly string[];
  /** Ids of tags and generations, with their new versions. */
  readonly versions: ReadonlyArray<readonly [id: string, version: Version]>;
  /** The log had lost entries, so memory tiers must be emptied. */
  readonly isReset: boolean;
  /** An expiry: entries of the keys, and entries under the versions before, are stale and not invalid. */
  readonly isExpiry: boolean;
  /** Number of tombstone messages that the source had published before it wrote this entry. */
  readonly tombstoneSequence: number;
}

/** An entry with its place in the log of its partition. */
export interface LogEntry {
  readonly id: LogId;
  /** The entry before it; a receiver that does not know it has missed something. */
  readonly previous: LogId;
  readonly body: LogBody;
}

/** The invalidation log: one capped stream per partition. Methods resolve to `undefined` while Redis can't answer. */
export interface InvalidationLog {
  readonly partitions: number;
  /** Approximate number of entries kept in each partition. */
  readonly length: number;
  /** Now in Redis time, milliseconds since the epoch, on the clock that the ids of this partition's entries come from. */
  nowMs(partition: number): number;
  /** Why Redis may not be used although it answers; `undefined` while it may. */
  readonly refusal: string | undefined;
  /**
   * The last position of every partition (`LOG_START` for an empty or lost log).
   *
   * @param isUse false for a look that no caller needs, while the cache is at rest.
   */
  tails(isUse: boolean): Promise<readonly LogId[] | undefined>;
  /**
   * Appends an entry without keys and resolves to its id: an empty log has no position to follow from. A `reset` says that the
   * log had lost entries and that everything was cleared for it, so that only one instance clears.
   */
  begin(partition: number, kind: 'start' | 'reset'): Promise<LogId | undefined>;
  /** Entries after a position, oldest first, at most `limit`; unreadable ones are skipped (their successor shows a gap). */
  readAfter(partition: number, after: LogId, limit: number): Promise<readonly LogEntry[] | undefined>;
}
