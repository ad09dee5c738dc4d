import { type Clock, systemClock, type TimerHandle } from '../../common/clock.js';
import type { Database } from './database.js';
import { DatabaseUnavailableError, describeDatabaseError, isUnavailable } from './database.errors.js';
import type { DatabaseDriver, DatabaseGate, DatabaseKind, DatabasePoolStats } from './drivers/database-driver.js';
import type { MigrationRegistry } from './migration-registry.js';
import { reconnectDelayMs } from './reconnect-delay.js';

/** A statement waits at most this long for the database to be opened and migrated, ms. */
const MAX_OPENING_WAIT_MS = 30_000;

/** State of the database, for health pages. Reading it sends no query. */
export interface DatabaseHealth {
  readonly kind: DatabaseKind;
  /**
   * `idle`: not used yet. `opening`: the first attempt to open and migrate it runs. `failed`: it can't serve now;
   * attempts go on in the background.
   */
  readonly state: 'idle' | 'opening' | 'ready' | 'failed' | 'closed';
  /** Why it can't serve: never an address, a statement or a value. */
  readonly reason?: string;
  /** Whether it has served since the start: false for a database that was never reached, as with a wrong URL. */
  readonly wasReady: boolean;
  readonly pool: DatabasePoolStats;
}

/** Hears of changes. */
export interface DatabaseListener {
  onLost?(reason: string): void;
  onReady?(): void;
}

/** Settings for tests. */
export interface DatabaseConnectionOptions {
  readonly clock?: Clock;
  readonly listener?: DatabaseListener;
}

/**
 * Opens the database at its first use, migrates it once, and knows how it is.
 *
 * While it can't serve, statements fail at once instead of waiting for it one by one, and this class alone tries to reach
 * it: first after 0.1 s, later every 1 to 2 s.
 */
export class DatabaseConnection implements DatabaseGate {
  readonly database: Database;
  private state: DatabaseHealth['state'] = 'idle';
  private failure: DatabaseUnavailableError | undefined;
  private isMigrated = false;
  private attempting: Promise<void> | undefined;
  private failures = 0;
  private retry: TimerHandle | undefined;
  private readonly clock: Clock;

  constructor(
    private readonly driver: DatabaseDriver,
    private readonly migrations: MigrationRegistry,
    private readonly options: DatabaseConnectionOptions = {},
  ) {
    this.clock = options.clock ?? systemClock;
    this.database = driver.database(this);
  }

  /**
   * Resolves when the database is open and migrated; the first call opens it.
   *
   * @throws DatabaseUnavailableError at once while it can't serve, and after 30 s of waiting for the first attempt.
   */
  async ready(): Promise<void> {
    if (this.state === 'ready') return;
    if (this.state === 'closed') throw new DatabaseUnavailableError('closed');
    if (this.state === 'failed') throw this.failure!;
    await this.withinLimit(this.attempt());
    if (this.failure) throw this.failure;
  }

  /** One connection that can't be made says little; a round trip tells. */
  suspect(): void {
    if (this.state === 'ready') void this.attempt();
  }

  health(): DatabaseHealth {
    const pool = this.driver.stats();
    const isStarved = this.state === 'ready' && pool.isStarved;
    const reason = isStarved ? 'every connection is in use' : this.failure && reasonOf(this.failure);
    return {
      kind: this.driver.kind,
      state: isStarved ? 'failed' : this.state,
      ...(reason !== undefined && { reason }),
      wasReady: this.isMigrated,
      pool,
    };
  }

  /** As {@link health}, after a round trip. An `idle` database is not opened. Bounded by the connect timeout. */
  async probe(): Promise<DatabaseHealth> {
    if (this.state === 'ready' || this.state === 'failed') await this.attempt();
    return this.health();
  }

  async close(): Promise<void> {
    this.state = 'closed';
    this.failure = undefined;
    this.retry?.cancel();
    await this.driver.close();
    await this.attempting;
  }

  /** Opens it, or looks whether it is back: one attempt at a time. Never rejects. */
  private attempt(): Promise<void> {
    this.attempting ??= this.reach().finally(() => (this.attempting = undefined));
    return this.attempting;
  }

  private async reach(): Promise<void> {
    this.retry?.cancel();
    if (this.state === 'idle') this.state = 'opening';
    try {
      // After an outage it may be another server, or an older state of it: what it lacks is looked up again.
      await (this.state === 'ready'
        ? this.driver.ping()
        : this.driver.migrate((session) => this.migrations.apply(session)));
      this.becomeReady();
    } catch (error) {
      // With every connection in use it serves, though slowly.
      if (this.state !== 'ready' || !this.driver.stats().isStarved) this.becomeFailed(error);
    }
  }

  private becomeReady(): void {
    if (this.state === 'closed') return;
    const isNews = this.state !== 'ready';
    this.isMigrated = true;
    this.failures = 0;
    this.failure = undefined;
    this.state = 'ready';
    if (isNews) this.options.listener?.onReady?.();
  }

  private becomeFailed(error: unknown): void {
    if (this.state === 'closed') return;
    const isNews = this.state !== 'failed';
    this.failures += 1;
    this.failure = toUnavailable(error);
    this.state = 'failed';
    this.retry = this.clock.setTimer(() => void this.attempt(), reconnectDelayMs(this.failures));
    if (isNews) this.options.listener?.onLost?.(reasonOf(this.failure));
  }

  private async withinLimit(opening: Promise<void>): Promise<void> {
    const { promise: limit, reject } = Promise.withResolvers<void>();
    const timer = this.clock.setTimer(
      () => reject(new DatabaseUnavailableError('it is still being opened or migrated')),
      MAX_OPENING_WAIT_MS,
    );
    try {
      await Promise.race([opening, limit]);
    } finally {
      timer.cancel();
    }
  }
}

function toUnavailable(error: unknown): DatabaseUnavailableError {
  if (error instanceof DatabaseUnavailableError) return error;
  const reason = isUnavailable(error) || !(error instanceof Error) ? describeDatabaseError(error) : error.message;
  return new DatabaseUnavailableError(reason, { cause: error });
}

function reasonOf({ message }: DatabaseUnavailableError): string {
  return message.replace('The database is not available: ', '');
}
