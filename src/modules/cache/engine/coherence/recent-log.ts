import { BoundedMap } from '../../../../common/bounded-map.js';
import { compareLogIds, type LogId } from '../versions/log-id.js';
import type { LogEntry } from '../ports/invalidation-log.js';

/**
 * The newest log entries that this instance has heard or written, of one partition. If Redis comes back without them (after a
 * failover, or a restart from an old snapshot), they are written to it again. Bounded in entries and in keys.
 */
export class RecentLog {
  readonly #entries: BoundedMap<LogId, LogEntry>;
  /** Keys, tags and generations of the entries, and the entries themselves. */
  #items = 0;

  constructor(
    maxEntries = 10_000,
    private readonly maxItems = 100_000,
  ) {
    this.#entries = new BoundedMap(maxEntries);
  }

  has(id: LogId): boolean {
    return this.#entries.has(id);
  }

  add(entry: LogEntry): void {
    if (this.#entries.has(entry.id)) return;
    this.#items += itemsOf(entry);
    let evicted = this.#entries.set(entry.id, entry);
    for (;;) {
      if (evicted !== undefined) this.#items -= itemsOf(evicted[1]);
      if (this.#items <= this.maxItems) return;
      evicted = this.#entries.deleteOldest();
    }
  }

  /**
   * Compares with the log as it is now, and returns the entries after the first common one that the log lacks. `undefined` if
   * no entry up to `reached` is common, so that the lost entries are unknown: entries that this instance wrote since then tell
   * nothing about the entries before.
   */
  lostFrom(present: ReadonlySet<LogId>, reached: LogId): LogEntry[] | undefined {
    // An entry of this instance is known before the earlier entries of other instances are heard.
    const inOrder = [...this.#entries.values()].sort((a, b) => compareLogIds(a.id, b.id));
    const first = inOrder.findIndex(({ id }) => present.has(id));
    if (first === -1 || compareLogIds(inOrder[first]!.id, reached) > 0) return undefined;
    return inOrder.slice(first).filter(({ id }) => !present.has(id));
  }

  clear(): void {
    this.#entries.clear();
    this.#items = 0;
  }
}

function itemsOf(entry: LogEntry): number {
  return 1 + entry.body.keys.length + entry.body.versions.length;
}
