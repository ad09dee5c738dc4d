import type { LogId } from '../versions/log-id.js';
import type { Version } from '../versions/version.js';

/** An entry of the invalidation log: what is void, never a value. */
export interface LogBody {
  /** Id of the instance that invalidated. */
  readonly source: string;
  /** Memory keys. */
  readonly keys: readonly string[];
  /** Ids of tags and generations with the versions they have now. */
  readonly versions: ReadonlyArray<readonly [id: string, version: Version]>;
  /** The log had lost entries: memory tiers must be emptied. */
  readonly isReset: boolean;
  /** The versions changed by an expiry: what was stored under those before is stale, not void. */
  readonly isExpiry: boolean;
  /** Pieces of advice its source had given before it wrote this. */
  readonly advised: number;
}

/** An entry with its place in the log of its partition. */
export interface LogEntry {
  readonly id: LogId;
  /** The entry before it; a receiver that does not know it has missed something. */
  readonly previous: LogId;
  readonly body: LogBody;
}

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
