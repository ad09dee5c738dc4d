import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { DATABASE, type Database } from '../../database/index.js';
import type { IndexCounts } from '../documents.schemas.js';

/** Vectors that can be compared with each other: of one model and one width. */
export interface VectorSpace {
  readonly id: number;
  readonly model: string;
  readonly dimensions: number;
}

/** The right to index the documents of a space, for a while. A later lease of the same space has a greater token. */
export interface IndexLease {
  readonly space: VectorSpace;
  readonly owner: string;
  readonly token: string;
}

/** Another instance indexes the space now. */
export class LeaseLostError extends Error {
  constructor() {
    super('Another instance has the lease of the index.');
    this.name = 'LeaseLostError';
  }
}

/** A lease ends this long after its last renewal. */
export const LEASE_MS = 30_000;

/** Writers of documents are waited for this long when a space is made, and wait for it no longer. */
const LOCK_TIMEOUT = '2s';

/** The spaces of this database and their leases. Leases run by the clock of the database. */
@Injectable()
export class VectorSpacesRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async find(model: string, dimensions: number): Promise<VectorSpace | undefined> {
    const { rows } = await this.database.execute<{ id: number }>(
      sql`select id from document_vector_spaces where model = ${model} and dimensions = ${dimensions}`,
    );
    return rows[0] && { id: rows[0].id, model, dimensions };
  }

  /** The space, made where there is none yet: from then on every new text is put into its queue. */
  async findOrCreate(model: string, dimensions: number): Promise<VectorSpace> {
    const found = await this.find(model, dimensions);
    if (found) return found;
    await this.database.transaction(async (tx) => {
      await tx.execute(sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`);
      // A document that is being written now would be neither in the queue nor seen by the search for older documents.
      await tx.execute(sql`lock table documents in share row exclusive mode`);
      await tx.execute(
        sql`insert into document_vector_spaces (model, dimensions) values (${model}, ${dimensions}) on conflict do nothing`,
      );
    });
    return (await this.find(model, dimensions))!;
  }

  /** The lease, where no other owner has it. */
  async lease(space: VectorSpace, owner: string): Promise<IndexLease | undefined> {
    const { rows } = await this.database.execute<{ token: string }>(sql`
      update document_vector_spaces
      set lease_owner = ${owner}, lease_token = lease_token + 1, leased_until = ${leaseEnd}, used_at = now()
      where id = ${space.id} and (leased_until < now() or lease_owner = ${owner})
      returning lease_token::text as token`);
    return rows[0] && { space, owner, token: rows[0].token };
  }

  /** @throws LeaseLostError */
  async renew(lease: IndexLease, on: Pick<Database, 'execute'> = this.database): Promise<void> {
    const { rows } = await on.execute(sql`
      update document_vector_spaces set leased_until = ${leaseEnd}, used_at = now() where ${isHolder(lease)} returning id`);
    if (rows.length === 0) throw new LeaseLostError();
  }

  /** Lets another instance go on at once. */
  async release(lease: IndexLease): Promise<void> {
    await this.database.execute(
      sql`update document_vector_spaces set leased_until = to_timestamp(0) where ${isHolder(lease)}`,
    );
  }

  /** Counts as of now; without a space nothing is indexed. */
  async count(space: VectorSpace | undefined): Promise<IndexCounts> {
    const id = space?.id ?? 0;
    const { rows } = await this.database.execute<IndexCounts & { queued: number; isQueued: boolean }>(sql`
      select (select count(*)::int from documents) as documents,
        (select count(*)::int from document_vectors where space_id = ${id}) as indexed,
        (select count(*)::int from document_index_queue where space_id = ${id}) as queued,
        (select count(*)::int from documents where search_problem is not null) as skipped,
        coalesce((select is_queued from document_vector_spaces where id = ${id}), false) as "isQueued"`);
    const { documents, indexed, skipped, queued, isQueued } = rows[0]!;
    // Until all older documents are in the queue, those without a vector are counted instead.
    const pending = isQueued ? queued : Math.max(queued, documents - indexed - skipped);
    return { documents, indexed, pending, skipped };
  }

  /** Forgets spaces that no instance has used for a week. */
  async deleteUnused(current: VectorSpace): Promise<void> {
    await this.database.execute(
      sql`delete from document_vector_spaces where id <> ${current.id} and used_at < now() - interval '7 days'`,
    );
  }
}

const leaseEnd = sql`now() + ${`${LEASE_MS} milliseconds`}::interval`;

function isHolder({ space, owner, token }: IndexLease) {
  return sql`id = ${space.id} and lease_owner = ${owner} and lease_token = ${token}::bigint`;
}
