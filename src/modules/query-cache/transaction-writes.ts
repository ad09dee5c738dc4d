import { isOutcomeUnknown } from '../database/library.js';
import { tablesOf } from './sql-tables.js';
import type { TableCache } from './table-cache.js';

/**
 * Tables changed by statements, told to the cache when the change is committed.
 *
 * Never before: between an early invalidation and the commit a reader loads the rows as they were and stores them, and
 * nothing would remove them again. A load that began before the commit and ends after the invalidation is refused by
 * the engine, which recorded its tags' versions before it ran. See `docs/decisions/0007-invalidate-after-commit.md`.
 */
export class TransactionWrites {
  private readonly tables = new Set<string>();
  private readonly names = new Set<string>();

  constructor(private readonly cache: TableCache) {}

  /** Notes what a statement changes. */
  note(statement: string): void {
    this.add(tablesOf(statement).writes);
  }

  add(tables: Iterable<string>, names: Iterable<string> = []): void {
    for (const table of tables) this.tables.add(table);
    for (const name of names) this.names.add(name);
  }

  /** The changes are visible to everyone, or may be. */
  async committed(): Promise<void> {
    await this.cache.invalidateTables(this.tables);
    await this.cache.invalidateNamed([...this.names]);
    this.rolledBack();
  }

  /** The commit, or a statement outside a transaction, failed. A connection lost meanwhile leaves open whether it took effect. */
  async failed(error: unknown): Promise<void> {
    if (isOutcomeUnknown(error)) await this.committed();
    else this.rolledBack();
  }

  rolledBack(): void {
    this.tables.clear();
    this.names.clear();
  }
}
