import { compareLogIds, type LogId } from '../versions/log-id.js';
import type { LogEntry } from '../ports/invalidation-log.js';

/**
 * The newest log entries this instance has heard or written, per partition: should Redis come back without them (a
 * failover, a restart from an old snapshot), they are applied again. Bounded in entries and in keys.
 */
export class RecentLog {
  readonly #entries = new Map<LogId, LogEntry>();
  // One iterator for good: every new one would first walk over the places of all that was deleted.
  readonly #oldest = this.#entries.values();
  #items = 0;

  constructor(
    private readonly maxEntries = 10_000,
    private readonly maxItems = 100_000,
  ) {}

  has(id: LogId): boolean {
    return this.#entries.has(id);
  }

  add(entry: LogEntry): void {
    if (this.#entries.has(entry.id)) return;
    this.#entries.set(entry.id, entry);
    this.#items += itemsOf(entry);
    while (this.#entries.size > this.maxEntries || this.#items > this.maxItems) {
      const oldest = this.#oldest.next().value!;
      this.#entries.delete(oldest.id);
      this.#items -= itemsOf(oldest);
    }
  }

  /**
   * Compares with the log as it is now: the entries after the first common one that are no longer there. `undefined`
   * when none up to `reached` is common, so that what was lost is unknown; what this instance wrote to the log since
   * tells nothing about what was before.
   */
  lostFrom(present: ReadonlySet<LogId>, reached: LogId): LogEntry[] | undefined {
    // An entry of our own is known before its announcement, and those of others before it, are heard.
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
