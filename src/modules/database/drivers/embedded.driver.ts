import { mkdirSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import type { Database } from '../database.js';
import { DatabaseUnavailableError } from '../database.errors.js';
import type { DatabaseDriver, DatabasePoolStats, SqlSession } from './database-driver.js';
import { DirectoryLock } from './directory-lock.js';

/**
 * PGlite: PostgreSQL compiled to WebAssembly, one connection, in this process. Its first start takes seconds and
 * hundreds of megabytes, so the module itself is loaded with the first statement.
 */
export class EmbeddedDriver implements DatabaseDriver {
  readonly kind = 'embedded';
  private pglite: PGlite | undefined;
  private lock: DirectoryLock | undefined;

  /** @param dir data directory, or `memory://` to keep nothing. */
  constructor(private readonly dir: string) {}

  database(ready: () => Promise<void>): Database {
    const opened = async () => {
      await ready();
      return this.open();
    };
    const gated: Pick<PGlite, 'query' | 'transaction'> = {
      query: async (statement, params, options) => (await opened()).query(statement, params, options),
      transaction: async (work) => (await opened()).transaction(work),
    };
    return drizzle({ client: gated as PGlite }) as unknown as Database;
  }

  async migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void> {
    const pglite = await this.start();
    await migrate({
      run: async (script) => void (await pglite.exec(script)),
      query: async <Row>(statement: string, params?: readonly unknown[]) =>
        (await pglite.query<Row>(statement, params as unknown[])).rows,
    });
  }

  async ping(): Promise<void> {
    await this.open().query('select 1');
  }

  stats(): DatabasePoolStats {
    const total = this.pglite ? 1 : 0;
    return { total, idle: total, waiting: 0 };
  }

  async close(): Promise<void> {
    const pglite = this.pglite;
    this.pglite = undefined;
    await pglite?.close();
    this.lock?.release();
    this.lock = undefined;
  }

  private open(): PGlite {
    if (!this.pglite) throw new DatabaseUnavailableError('closed');
    return this.pglite;
  }

  private async start(): Promise<PGlite> {
    if (this.pglite) return this.pglite;
    const isKept = !this.dir.startsWith('memory://');
    if (isKept) this.lock ??= DirectoryLock.acquire(this.dir);
    if (isKept) mkdirSync(this.dir, { recursive: true });
    const [{ PGlite }, { vector }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite-pgvector'),
    ]);
    this.pglite = await PGlite.create(this.dir, { extensions: { vector } });
    return this.pglite;
  }
}
