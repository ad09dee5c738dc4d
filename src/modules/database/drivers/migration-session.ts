import type { ConnectionPool } from './connection-pool.js';
import type { SqlSession } from './database-driver.js';

/** Gives `migrate` a session over one connection of the pool. */
export async function runMigrations(
  pool: ConnectionPool,
  migrate: (session: SqlSession) => Promise<void>,
): Promise<void> {
  const lease = await pool.acquire();
  try {
    await migrate({
      query: async <Row>(statement: string, params: readonly unknown[] = []) =>
        (await lease.query(statement, params)).rows as Row[],
      transaction: async (work) => {
        // Without the limit of a statement's time, which would end a long migration at each attempt.
        await lease.query('begin');
        await work({
          run: async (script) => void (await lease.runLong(script)),
          query: async <Row>(statement: string, params: readonly unknown[] = []) =>
            (await lease.runLong(statement, params)).rows as Row[],
        });
        await lease.runLong('commit');
      },
    });
  } finally {
    // After a failure inside a transaction the connection is destroyed, which rolls back.
    lease.release();
  }
}
