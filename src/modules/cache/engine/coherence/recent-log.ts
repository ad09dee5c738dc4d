import type { LogId } from '../log-id.js';
import type { LogEntry } from './announcement.js';

/**
 * The newest log entries this instance has heard or written, per partition: should Redis come back without them (a
 * failover, a restart from an old snapshot), they are applied again. Bounded in entries and in keys.
 */
export class RecentLog {
  readonly #entries = new Map<LogId, LogEntry>();
  #items = 0;

  constructor(
    private readonly maxEntries = 10_000,
    private readonly maxItems = 100_000,
  ) {}

  add(entry: LogEntry): void {
    if (this.#entries.has(entry.id)) return;
    this.#entries.set(entry.id, entry);
    this.#items += itemsOf(entry);
    while (this.#entries.size > this.maxEntries || this.#items > this.maxItems) {
      const [oldestId, oldest] = this.#entries.entries().next().value!;
      this.#entries.delete(oldestId);
      this.#items -= itemsOf(oldest);
    }
  }

  /**
   * Compares with the log as it is now. `lost` are the entries that came after the last common one; `undefined` when
   * there is no common one, so that what was lost is unknown.
   */
  lostFrom(present: ReadonlySet<LogId>): LogEntry[] | undefined {
    const lost: LogEntry[] = [];
    let hasCommon = false;
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) {
        hasCommon = true;
        continue;
      }
      if (hasCommon) lost.push(entry);
    }
    return hasCommon ? lost : undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#items = 0;
  }
}

function itemsOf(entry: LogEntry): number {
  return 1 + entry.body.keys.length + entry.body.versions.length;
}
