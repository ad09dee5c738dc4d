import { sql } from 'drizzle-orm';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import type { Transaction } from '../../database/index.js';
import type { WriteKey } from '../write-key.js';

/** How long a result can be asked for again with its key. */
const KEPT = '24 hours';
/** Old results that each write with a key deletes. */
const PURGED = 10;

/**
 * Runs a write once for its key: its result is kept in the transaction of the write, and a repetition gets that result.
 * A write that was refused (a text instead of a row) is not kept, because it changed nothing.
 *
 * @throws ProblemException 409 while a request with the key is under way; 422 when the key was used for another request.
 */
export async function runOnce<T>(tx: Transaction, key: WriteKey | undefined, write: () => Promise<T>): Promise<T> {
  if (!key) return write();
  await lockKey(tx, key);
  const { rows } = await tx.execute<{ fingerprint: string; result: T }>(sql`
    select fingerprint, result from document_write_keys where key = ${key.digest} and written_at > now() - ${KEPT}::interval`);
  const known = rows[0];
  if (known) {
    if (known.fingerprint !== key.fingerprint) throw keyReused();
    return known.result;
  }
  const result = await write();
  if (typeof result !== 'string') await keep(tx, key, result);
  return result;
}

/** Until the transaction ends. A lock of the transaction works behind a pooler as well. */
async function lockKey(tx: Transaction, { digest }: WriteKey): Promise<void> {
  const { rows } = await tx.execute<{ isFree: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${digest}, 0)) as "isFree"`,
  );
  if (rows[0]!.isFree) return;
  throw new ProblemException(
    409,
    {
      type: 'urn:larder:request-under-way',
      title: 'A request with this Idempotency-Key is under way',
      detail: 'Try again in a moment; the answer is then the one of that request.',
    },
    { 'retry-after': '1' },
  );
}

async function keep(tx: Transaction, { digest, fingerprint }: WriteKey, result: unknown): Promise<void> {
  await tx.execute(sql`
    insert into document_write_keys (key, fingerprint, result) values (${digest}, ${fingerprint}, ${JSON.stringify(result)}::jsonb)
    on conflict (key) do update set fingerprint = excluded.fingerprint, result = excluded.result, written_at = now()`);
  // Rows that another write deletes at this moment are left to it.
  await tx.execute(sql`
    delete from document_write_keys where key in (
      select key from document_write_keys where written_at < now() - ${KEPT}::interval
      order by written_at limit ${PURGED} for update skip locked)`);
}

function keyReused(): ProblemException {
  return new ProblemException(422, {
    type: 'urn:larder:idempotency-key-reused',
    title: 'The Idempotency-Key was used for another request',
    detail: 'Use a new key for each write.',
  });
}
