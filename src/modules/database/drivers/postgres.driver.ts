import type { Database } from '../database.js';
import type { DatabaseConfig } from '../database.config.js';
import { ConnectionPool } from './connection-pool.js';
import { cancelStatement } from './cancel-statement.js';
import type { DatabaseDriver, DatabaseGate, DatabasePoolStats, SqlSession } from './database-driver.js';
import { runMigrations } from './migration-session.js';
import { pingThrough } from './ping.js';
import { drizzleOver } from './pooled-session.js';
import { postgresClientConfig } from './postgres-client-config.js';

/**
 * PostgreSQL by `DATABASE_URL`, over a pool that connects when it is first used and again after every failure.
 *
 * Works behind a pooler in session and in transaction mode: no start-up parameter but the application's name, no
 * prepared statement with a name, no setting and no lock that outlives a transaction.
 */
export class PostgresDriver implements DatabaseDriver {
  readonly kind = 'postgres';
  private readonly pool: ConnectionPool;

  constructor(private readonly config: DatabaseConfig) {
    const client = postgresClientConfig(config);
    this.pool = new ConnectionPool({
      client,
      size: config.poolSize,
      connectTimeoutMs: config.connectTimeoutMs,
      statementTimeoutMs: config.statementTimeoutMs,
      answerTimeoutMs: config.connectTimeoutMs,
      cancel: (busy) => cancelStatement(busy, client, config.connectTimeoutMs),
    });
  }

  database(gate: DatabaseGate): Database {
    return drizzleOver(this.pool, gate);
  }

  migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void> {
    return runMigrations(this.pool, migrate);
  }

  ping(): Promise<void> {
    return pingThrough(this.pool, this.config.connectTimeoutMs);
  }

  stats(): DatabasePoolStats {
    return this.pool.stats();
  }

  close(): Promise<void> {
    return this.pool.close(this.config.connectTimeoutMs);
  }
}
