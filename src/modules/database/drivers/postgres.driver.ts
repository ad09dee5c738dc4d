import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Database } from '../database.js';
import type { DatabaseConfig } from '../database.config.js';
import { DatabaseUnavailableError, isOutcomeUnknown } from '../database.errors.js';
import type { DatabaseDriver, DatabasePoolStats, SqlSession } from './database-driver.js';

/** Any number all instances agree on; migrations of one database run one at a time. */
const MIGRATION_LOCK = 0x6c617264;

/** The pool as Drizzle's session sees it. Drizzle tells pools by a class name with `Pool` in it. */
class GatedPool {
  constructor(
    private readonly pool: pg.Pool,
    private readonly ready: () => Promise<void>,
  ) {}

  async query(config: pg.QueryConfig, params: unknown[]): Promise<pg.QueryResult> {
    const client = await this.connect();
    let failure: unknown;
    try {
      return await client.query(config, params);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // A connection whose statement has no known end must not serve the next one.
      client.release(failure !== undefined && isOutcomeUnknown(failure));
    }
  }

  async connect(): Promise<pg.PoolClient> {
    await this.ready();
    try {
      return await this.pool.connect();
    } catch (error) {
      throw new DatabaseUnavailableError('no connection', { cause: error });
    }
  }
}

/** PostgreSQL by `DATABASE_URL`, over a pool that connects when it is first used and again after every failure. */
export class PostgresDriver implements DatabaseDriver {
  readonly kind = 'postgres';
  private readonly pool: pg.Pool;

  constructor(private readonly config: DatabaseConfig) {
    this.pool = new pg.Pool({
      ...this.connection(),
      max: config.poolSize,
      statement_timeout: config.statementTimeoutMs,
      // For a server that froze and so can't keep its own timeout.
      query_timeout: config.statementTimeoutMs + config.connectTimeoutMs,
    });
    // A connection the server closed, idle or in a transaction, must not end the process: whoever uses it is told by
    // its statement's promise, and the pool replaces it.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  database(ready: () => Promise<void>): Database {
    return drizzle({ client: new GatedPool(this.pool, ready) as unknown as pg.Pool }) as unknown as Database;
  }

  async migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void> {
    // Not from the pool: a migration may take longer than a statement, and ending the session frees the lock.
    const client = new pg.Client(this.connection());
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
      await migrate({
        run: async (script) => void (await client.query(script)),
        query: async <Row>(statement: string, params?: readonly unknown[]) =>
          (await client.query(statement, params as unknown[])).rows as Row[],
      });
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async ping(): Promise<void> {
    // Typed without it, though the client reads it from each query.
    const query: pg.QueryConfig & { query_timeout: number } = {
      text: 'select 1',
      query_timeout: this.config.connectTimeoutMs,
    };
    await this.pool.query(query);
  }

  stats(): DatabasePoolStats {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private connection(): pg.ClientConfig {
    return {
      connectionString: this.config.url,
      connectionTimeoutMillis: this.config.connectTimeoutMs,
      application_name: 'larder',
      keepAlive: true,
    };
  }
}
