import type { ConnectionPool } from './connection-pool.js';
import type { SqlSession } from './database-driver.js';

/** Gives `migrate` a session over one connection of the pool. */
export async function runMigrations(
  pool: ConnectionPool,
  migrate: (session: SqlSession) => Promise<void>,
): Promise<void> {
  const lease = await pool.acquire();
  const query = async <Row>(statement: string, params: readonly unknown[] = []) =>
    (await lease.runUnlimited(statement, params)).rows as Row[];
  try {
    await migrate({
      query,
      transaction: async (work) => {
        // No limit of a statement's time: it would end a long migration for ever.
        await lease.runUnlimited('begin');
        await work({ run: async (script) => void (await lease.runUnlimited(script)), query });
        await lease.runUnlimited('commit');
      },
    });
  } finally {
    // After a failure inside a transaction the connection is destroyed, which rolls back.
    lease.release();
  }
}
