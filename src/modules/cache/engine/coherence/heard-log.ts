import type { LogEntry } from '../ports/invalidation-log.js';
import type { LogId } from '../versions/log-id.js';
import { RecentLog } from './recent-log.js';

/**
 * The part of the invalidation log that this instance has heard, per partition: the position it has reached, and the newest
 * entries. The log follower moves the positions; the Redis store records the entries that this instance wrote itself. Made
 * before both.
 */
export class HeardLog {
  /** The last position reached in each partition; `undefined` before the first heartbeat. */
  readonly #positions: (LogId | undefined)[];
  readonly #recent: readonly RecentLog[];

  constructor(readonly partitions: number) {
    this.#positions = Array.from({ length: partitions }, () => undefined);
    this.#recent = this.#positions.map(() => new RecentLog());
  }

  has(partition: number): boolean {
    return this.#recent[partition] !== undefined;
  }

  hasEntry(partition: number, id: LogId): boolean {
    return this.#recent[partition]!.has(id);
  }

  positionOf(partition: number): LogId | undefined {
    return this.#positions[partition];
  }

  /** This instance wrote an entry. If an entry of another instance lies between, the position waits for it. */
  wrote(partition: number, entry: LogEntry): void {
    this.#recent[partition]?.add(entry);
    if (entry.previous === this.#positions[partition]) this.#positions[partition] = entry.id;
  }

  advance(partition: number, entry: LogEntry): void {
    this.#positions[partition] = entry.id;
    this.#recent[partition]!.add(entry);
  }

  /** Follows from another place, without the entries before it. */
  startFrom(partition: number, position: LogId): void {
    this.#positions[partition] = position;
  }

  /** Replaces the remembered entries by those that are in the log now. */
  replace(partition: number, entries: readonly LogEntry[]): void {
    const recent = this.#recent[partition]!;
    recent.clear();
    for (const entry of entries) recent.add(entry);
  }

  /** The remembered entries that are missing in the log; see {@link RecentLog.lostFrom}. */
  lostFrom(partition: number, present: ReadonlySet<LogId>, reached: LogId): LogEntry[] | undefined {
    return this.#recent[partition]!.lostFrom(present, reached);
  }
}
