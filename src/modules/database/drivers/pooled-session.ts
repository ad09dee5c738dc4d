import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import { PgDatabase, PgDialect, type PgTransactionConfig } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import type { Database } from '../database.js';
import { sqlStateOf } from '../database.errors.js';
import { failureOf } from '../sql-state.js';
import type { ConnectionPool } from './connection-pool.js';
import type { DatabaseGate } from './database-driver.js';
import type { LeasedConnection } from './leased-connection.js';

/** A transaction that lost to another is run again once; twice in a row says that they go on fighting. */
const ATTEMPTS = 2;

/** Drizzle over a pool; every statement and transaction first passes `gate`. */
export function drizzleOver(pool: ConnectionPool, gate: DatabaseGate): Database {
  pool.reportTo(gate);
  const dialect = new PgDialect();
  return new PgDatabase(dialect, new PooledSession(new LeasingClient(pool, gate), dialect), undefined) as Database;
}

/** Takes a connection for each statement. */
class LeasingClient {
  constructor(
    private readonly pool: ConnectionPool,
    private readonly gate: DatabaseGate,
  ) {}

  async acquire(): Promise<LeasedConnection> {
    await this.gate.ready();
    return this.pool.acquire();
  }

  query(config: pg.QueryConfig, params: unknown[]): Promise<pg.QueryResult> {
    return retriedOnce(async () => {
      const lease = await this.acquire();
      try {
        return await lease.query(config, params);
      } finally {
        lease.release();
      }
    });
  }
}

type AnySession = NodePgSession<Record<string, never>, Record<string, never>>;
type AnyTransaction = NodePgTransaction<Record<string, never>, Record<string, never>>;

/**
 * Drizzle's session with transactions that survive a bad network. Drizzle's own loses the connection when `begin` fails,
 * gives it back inside the transaction when `rollback` fails, and takes a commit that rolled back for success.
 */
class PooledSession extends NodePgSession<Record<string, never>, Record<string, never>> {
  constructor(
    private readonly leasing: LeasingClient,
    dialect: PgDialect,
  ) {
    super(leasing as unknown as pg.Pool, dialect, undefined);
  }

  /** Runs `work` again, once, when the database chose it as the victim of a deadlock or of a serialization conflict. */
  override transaction<T>(work: (tx: AnyTransaction) => Promise<T>, config?: PgTransactionConfig): Promise<T> {
    return retriedOnce(() => this.attempt(work, config));
  }

  private async attempt<T>(work: (tx: AnyTransaction) => Promise<T>, config?: PgTransactionConfig): Promise<T> {
    const lease = await this.leasing.acquire();
    try {
      await lease.begin(characteristicsOf(config));
      let result: T;
      try {
        result = await work(this.transactionOn(lease));
      } catch (error) {
        await lease.rollback();
        throw error;
      }
      await lease.commit();
      return result;
    } finally {
      lease.release();
    }
  }

  private transactionOn(lease: LeasedConnection): AnyTransaction {
    const session: AnySession = new NodePgSession(lease as unknown as pg.Client, this.dialect, undefined);
    return new NodePgTransaction(this.dialect, session, undefined);
  }
}

async function retriedOnce<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const state = sqlStateOf(error);
      const isRetried = state !== undefined && failureOf(state)?.isRetried === true;
      if (!isRetried || attempt === ATTEMPTS) throw error;
    }
  }
}

function characteristicsOf({ isolationLevel, accessMode, deferrable }: PgTransactionConfig = {}): string {
  const parts = [isolationLevel && `isolation level ${isolationLevel}`, accessMode];
  if (deferrable !== undefined) parts.push(deferrable ? 'deferrable' : 'not deferrable');
  return parts.filter((part) => part !== undefined).join(', ');
}
