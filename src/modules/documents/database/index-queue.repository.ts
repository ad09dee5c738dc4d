import { Inject, Injectable } from '@nestjs/common';
import { type SQL, sql } from 'drizzle-orm';
import { DATABASE, type Database, type Transaction } from '../../database/index.js';
import { planesOf } from '../search/vector-planes.js';
import { documentVectorsTable as vectors } from './documents.table.js';
import { type IndexLease, VectorSpacesRepository } from './vector-spaces.repository.js';

/** A document whose text has no vector yet. */
export interface QueuedDocument {
  readonly id: string;
  /** Of its text: a later text has another. */
  readonly revision: string;
  readonly title: string;
  readonly body: string;
}

/** The result of a queued document. */
export type IndexedDocument = Pick<QueuedDocument, 'id' | 'revision'> &
  (
    | { /** Of unit length. */ readonly vector: readonly number[] }
    | { /** Why the text has no vector. */ readonly problem: string }
  );

/** Documents put into the queue in one step when a space is new. */
const FILL_STEP = 2_000;

/** A document that failed alone waits for so long, then twice as long each time, an hour at most. */
const POSTPONED_SECONDS = 2;

/** Documents that wait for their vectors, in the database: work that an instance leaves is found by the next one. */
@Injectable()
export class IndexQueueRepository {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly spaces: VectorSpacesRepository,
  ) {}

  /** Puts older documents into the queue of a new space, some at a time; gives whether all of them are there. */
  async fill(lease: IndexLease): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await this.spaces.renew(lease, tx);
      const { rows } = await tx.execute<{ isQueued: boolean }>(
        sql`select is_queued as "isQueued" from document_vector_spaces where id = ${lease.space.id}`,
      );
      if (rows[0]?.isQueued) return true;
      await tx.execute(sql`
        with older as (
          select id from documents
          where id > coalesce((select queued_through from document_vector_spaces where id = ${lease.space.id}), '00000000-0000-0000-0000-000000000000')
          order by id limit ${FILL_STEP}
        ), queued as (
          insert into document_index_queue (space_id, document_id) select ${lease.space.id}, id from older on conflict do nothing
        )
        update document_vector_spaces
        set queued_through = coalesce((select id from older order by id desc limit 1), queued_through),
          is_queued = (select count(*) from older) < ${FILL_STEP}
        where id = ${lease.space.id}`);
      return false;
    });
  }

  /** Puts documents that were skipped into the queue once more. */
  async addSkipped({ space }: IndexLease): Promise<void> {
    await this.database.execute(sql`
      insert into document_index_queue (space_id, document_id)
      select ${space.id}, id from documents where search_problem is not null on conflict do nothing`);
  }

  /** The documents that have waited longest. Renews the lease. @throws LeaseLostError */
  async next(lease: IndexLease, limit: number): Promise<QueuedDocument[]> {
    await this.spaces.renew(lease);
    const { rows } = await this.database.execute<QueuedDocument & Record<string, unknown>>(sql`
      select document.id, queued.revision::text as revision, document.title, document.body
      from (
        select document_id, revision, due_at from document_index_queue
        where space_id = ${lease.space.id} and due_at <= now() order by due_at, document_id limit ${limit}
      ) as queued join documents as document on document.id = queued.document_id
      order by queued.due_at, document.id`);
    return rows;
  }

  /**
   * Saves vectors and reasons, and takes their documents out of the queue. Documents deleted meanwhile are left out; one
   * whose text changed meanwhile stays in the queue, and one that is being written now is left for later.
   *
   * @returns documents whose `searchProblem` changed.
   * @throws LeaseLostError when nothing was saved.
   */
  async save(lease: IndexLease, results: readonly IndexedDocument[]): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      await this.spaces.renew(lease, tx);
      const locked = await lockQueued(tx, lease.space.id, results);
      const current = results.filter(({ id, revision }) => locked.get(id) === revision);
      if (current.length === 0) return [];
      await saveVectors(tx, lease.space.id, current);
      const changed = await saveProblems(tx, current);
      await tx.execute(sql`
        delete from document_index_queue where space_id = ${lease.space.id} and document_id in (${idsOf(current)})`);
      return changed;
    });
  }

  /** Lets others go first. */
  async postpone({ space }: IndexLease, { id, revision }: QueuedDocument): Promise<void> {
    await this.database.execute(sql`
      update document_index_queue
      set attempts = attempts + 1, due_at = now() + least(3600, ${POSTPONED_SECONDS} * 2 ^ least(attempts, 11)) * interval '1 second'
      where space_id = ${space.id} and document_id = ${id} and revision = ${revision}::bigint`);
  }
}

/**
 * Locks queued documents, and gives their revisions. It waits for no one: those that a writer has locked are left out, so
 * that the indexer, which holds many locks, is never part of a deadlock.
 */
async function lockQueued(
  tx: Transaction,
  spaceId: number,
  results: readonly IndexedDocument[],
): Promise<Map<string, string>> {
  const { rows } = await tx.execute<{ id: string; revision: string }>(sql`
    select document.id, queued.revision::text as revision
    from document_index_queue as queued join documents as document on document.id = queued.document_id
    where queued.space_id = ${spaceId} and queued.document_id in (${idsOf(results)})
    order by document.id
    for no key update of queued skip locked
    for no key update of document skip locked`);
  return new Map(rows.map(({ id, revision }) => [id, revision]));
}

async function saveVectors(tx: Transaction, spaceId: number, results: readonly IndexedDocument[]): Promise<void> {
  const refused = results.filter((result) => 'problem' in result);
  if (refused.length > 0) {
    await tx.execute(
      sql`delete from document_vectors where space_id = ${spaceId} and document_id in (${idsOf(refused)})`,
    );
  }
  const rows = results.flatMap((result) => {
    if (!('vector' in result)) return [];
    const { planes, low, step, total } = planesOf(result.vector);
    const [plane0, plane1, plane2, plane3] = planes as [string, string, string, string];
    const vector = [...result.vector];
    return [{ spaceId, documentId: result.id, vector, plane0, plane1, plane2, plane3, low, step, total }];
  });
  if (rows.length === 0) return;
  const { spaceId: _space, documentId: _document, ...columns } = vectors;
  const names = ['vector', 'plane0', 'plane1', 'plane2', 'plane3', 'low', 'step', 'total'] as const;
  await tx
    .insert(vectors)
    .values(rows)
    .onConflictDoUpdate({
      target: [vectors.spaceId, vectors.documentId],
      set: Object.fromEntries(names.map((name) => [name, sql.raw(`excluded.${columns[name].name}`)])),
    });
}

async function saveProblems(tx: Transaction, results: readonly IndexedDocument[]): Promise<string[]> {
  const problems = results.map(
    (result) => sql`(${result.id}::uuid, ${'problem' in result ? result.problem : null}::text)`,
  );
  const { rows } = await tx.execute<{ id: string }>(sql`
    update documents set search_problem = result.problem
    from (values ${sql.join(problems, sql`, `)}) as result (id, problem)
    where documents.id = result.id and documents.search_problem is distinct from result.problem
    returning documents.id`);
  return rows.map(({ id }) => id);
}

function idsOf(documents: readonly { readonly id: string }[]): SQL {
  return sql.join(
    documents.map(({ id }) => sql`${id}::uuid`),
    sql`, `,
  );
}
