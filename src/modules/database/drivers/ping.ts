import { DatabaseUnavailableError } from '../database.errors.js';
import type { ConnectionPool } from './connection-pool.js';

/** One round trip on a connection of the pool. @throws DatabaseUnavailableError when there is none within `limitMs`. */
export async function pingThrough(pool: ConnectionPool, limitMs: number): Promise<void> {
  const lease = await pool.acquire();
  try {
    if (!(await lease.isAlive(limitMs))) throw new DatabaseUnavailableError(`no answer within ${limitMs} ms`);
  } finally {
    lease.release();
  }
}
