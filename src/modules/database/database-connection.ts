import type { Database } from './database.js';
import { DatabaseUnavailableError, describeDatabaseError, isUnavailable } from './database.errors.js';
import type { DatabaseDriver, DatabaseKind, DatabasePoolStats } from './drivers/database-driver.js';
import type { MigrationRegistry } from './migration-registry.js';

/** The database now, for health pages; reading it costs nothing. */
export interface DatabaseHealth {
  readonly kind: DatabaseKind;
  /** `idle`: nobody has needed it yet. `failed`: the last attempt to open or to reach it failed; the next use tries again. */
  readonly state: 'idle' | 'opening' | 'ready' | 'failed' | 'closed';
  /** Why it failed: never an address, a statement or a value. */
  readonly reason?: string;
  readonly pool: DatabasePoolStats;
}

/** Opens the database at its first use, migrates it once, and knows how it is. */
export class DatabaseConnection {
  readonly database: Database;
  private opening: Promise<void> | undefined;
  private state: DatabaseHealth['state'] = 'idle';
  private reason: string | undefined;

  constructor(
    private readonly driver: DatabaseDriver,
    private readonly migrations: MigrationRegistry,
  ) {
    this.database = driver.database(() => this.ready());
  }

  /** Resolves when the database is open and migrated. A failure is told to everyone waiting; the next call tries again. */
  ready(): Promise<void> {
    if (this.state === 'closed') return Promise.reject(new DatabaseUnavailableError('closed'));
    this.opening ??= this.open();
    return this.opening;
  }

  health(): DatabaseHealth {
    return {
      kind: this.driver.kind,
      state: this.state,
      ...(this.reason && { reason: this.reason }),
      pool: this.driver.stats(),
    };
  }

  /** As {@link health}, after a round trip; an `idle` database is left alone. Bounded by the connect timeout. */
  async probe(): Promise<DatabaseHealth> {
    if (this.state === 'ready' || this.state === 'failed') {
      await this.ready()
        .then(() => this.driver.ping())
        .then(
          () => this.become('ready'),
          (error: unknown) => this.become('failed', error),
        );
    }
    return this.health();
  }

  async close(): Promise<void> {
    const opening = this.opening;
    this.become('closed');
    await opening?.catch(() => undefined);
    await this.driver.close();
  }

  private async open(): Promise<void> {
    this.become('opening');
    try {
      await this.driver.migrate((session) => this.migrations.apply(session));
      this.become('ready');
    } catch (error) {
      this.opening = undefined;
      this.become('failed', error);
      if (error instanceof DatabaseUnavailableError || !isUnavailable(error)) throw error;
      throw new DatabaseUnavailableError(describeDatabaseError(error), { cause: error });
    }
  }

  private become(state: DatabaseHealth['state'], error?: unknown): void {
    if (this.state === 'closed') return;
    this.state = state;
    this.reason = error === undefined ? undefined : describeDatabaseError(error);
  }
}
