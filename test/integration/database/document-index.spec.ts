import { sql } from 'drizzle-orm';
import pg from 'pg';
import { LeaseLostError } from '../../../src/modules/documents/database/vector-spaces.repository.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { connectionTo, type DatabaseUnderTest, DATABASES } from './databases.js';
import { documentsMigrations, DocumentTables } from './document-tables.js';

describe.each(DATABASES)('the index of documents on %s', (_name, start) => {
  let databases: DatabaseUnderTest;
  let tables: DocumentTables;
  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    tables = new DocumentTables(connection);
  });
  afterAll(() => databases.stop());
  let dimensions = 1;
  beforeEach(async () => {
    dimensions += 1;
    await tables.database.execute(sql`delete from documents`);
  });

  const unit = () => Array.from({ length: dimensions }, (_, i) => (i === 0 ? 1 : 0));
  const lease = () => tables.leaseFilled('m', dimensions);

  it('has documents that are older than the space, and those written since, also by SQL', async () => {
    const older = await tables.createMany(2_500);
    const held = await lease();
    const newer = [await tables.create('newer'), ...(await tables.createMany(2))];
    const queued = await tables.queue.next(held, 5_000);
    expect(new Set(queued.map(({ id }) => id))).toEqual(new Set([...older, ...newer]));
    expect(await tables.spaces.count(held.space)).toEqual({ documents: 2_503, indexed: 0, pending: 2_503, skipped: 0 });
    await tables.saveVectors(held, unit);
    expect(await tables.spaces.count(held.space)).toEqual({ documents: 2_503, indexed: 2_503, pending: 0, skipped: 0 });
  });

  it('has a document again when its text changes, and not for another topic', async () => {
    const held = await lease();
    const id = await tables.create('first');
    await tables.saveVectors(held, unit);
    await tables.documents.update(id, { topic: 'other' }, undefined);
    expect(await tables.queue.next(held, 10)).toEqual([]);
    await tables.documents.update(id, { body: 'second' }, undefined);
    expect(await tables.queue.next(held, 10)).toMatchObject([{ id, body: 'second' }]);
    await tables.database.execute(sql`update documents set body = 'third'`);
    expect(await tables.queue.next(held, 10)).toMatchObject([{ id, body: 'third' }]);
  });

  it('keeps a document in the queue when its text changed while it was embedded', async () => {
    const held = await lease();
    const id = await tables.create('first');
    const [queued] = await tables.queue.next(held, 10);
    await tables.documents.update(id, { body: 'second' }, undefined);
    await tables.queue.save(held, [{ ...queued!, vector: unit() }]);
    expect(await tables.queue.next(held, 10)).toMatchObject([{ id, body: 'second' }]);
  });

  it('leaves out documents that were deleted meanwhile', async () => {
    const held = await lease();
    const [gone, kept] = [await tables.create('gone'), await tables.create('kept')];
    const queued = await tables.queue.next(held, 10);
    await tables.documents.delete(gone, undefined);
    await tables.queue.save(
      held,
      queued.map((document) => ({ ...document, vector: unit() })),
    );
    expect((await tables.vectors.findNearest(held.space, unit(), 10)).map(({ id }) => id)).toEqual([kept]);
  });

  it('says in the document why it can not be found, until it has another text', async () => {
    const held = await lease();
    const id = await tables.create('refused');
    const [queued] = await tables.queue.next(held, 10);
    expect(await tables.queue.save(held, [{ ...queued!, problem: 'The text is too odd.' }])).toEqual([id]);
    expect(await tables.documents.find(id)).toMatchObject({ searchProblem: 'The text is too odd.', version: 1 });
    expect(await tables.spaces.count(held.space)).toMatchObject({ indexed: 0, pending: 0, skipped: 1 });
    await tables.documents.update(id, { topic: 'other' }, undefined);
    expect(await tables.documents.find(id)).toHaveProperty('searchProblem');
    await tables.documents.update(id, { body: 'better' }, undefined);
    expect(await tables.documents.find(id)).not.toHaveProperty('searchProblem');
    await tables.saveVectors(held, unit);
    expect(await tables.spaces.count(held.space)).toMatchObject({ indexed: 1, skipped: 0 });
  });

  it('takes a document out of the search when its new text is refused', async () => {
    const held = await lease();
    const id = await tables.create('fine');
    await tables.saveVectors(held, unit);
    await tables.documents.update(id, { body: 'refused' }, undefined);
    const [queued] = await tables.queue.next(held, 10);
    await tables.queue.save(held, [{ ...queued!, problem: 'no' }]);
    expect(await tables.vectors.findNearest(held.space, unit(), 10)).toEqual([]);
  });

  it('tries a postponed document after the others', async () => {
    const held = await lease();
    const [first, second] = [await tables.create('first'), await tables.create('second')];
    const [queued] = await tables.queue.next(held, 1);
    await tables.queue.postpone(held, queued!);
    const left = [first, second].filter((id) => id !== queued!.id);
    expect((await tables.queue.next(held, 10)).map(({ id }) => id)).toEqual(left);
    expect(await tables.spaces.count(held.space)).toMatchObject({ pending: 2 });
  });

  it('is written by one owner: another one gets the lease when it ends, and the first one saves nothing more', async () => {
    const first = await lease();
    const id = await tables.create('contested');
    const [queued] = await tables.queue.next(first, 10);
    const other = '00000000-0000-4000-8000-000000000002';
    expect(await tables.spaces.lease(first.space, other)).toBeUndefined();
    await tables.database.execute(sql`update document_vector_spaces set leased_until = now() - interval '1 second'`);
    const second = (await tables.spaces.lease(first.space, other))!;
    await expect(tables.queue.save(first, [{ ...queued!, vector: unit() }])).rejects.toThrow(LeaseLostError);
    await expect(tables.spaces.renew(first)).rejects.toThrow(LeaseLostError);
    // A late indexer must not end the lease of its successor.
    await tables.spaces.release(first);
    await tables.spaces.renew(second);
    expect(await tables.queue.next(second, 10)).toMatchObject([{ id }]);
    await tables.spaces.release(second);
    expect(await tables.spaces.lease(first.space, first.owner)).toBeDefined();
  });

  it('keeps vectors of two models apart, and forgets a model that no instance uses for a week', async () => {
    const id = await tables.create('both');
    const held = await lease();
    const other = await tables.leaseFilled('other', dimensions);
    await tables.saveVectors(held, unit);
    await tables.saveVectors(other, () => unit().toReversed());
    expect(await tables.vectors.findNearest(held.space, unit(), 5)).toMatchObject([{ id, score: 1 }]);
    expect(await tables.vectors.findNearest(other.space, unit(), 5)).toMatchObject([{ id, score: 0 }]);
    await tables.database.execute(
      sql`update document_vector_spaces set used_at = now() - interval '8 days' where id = ${other.space.id}`,
    );
    await tables.spaces.deleteUnused(held.space);
    expect(await tables.spaces.find('other', dimensions)).toBeUndefined();
    expect(await tables.vectors.findNearest(held.space, unit(), 5)).toHaveLength(1);
  });
});

describe('the index of documents, beside writers on PostgreSQL', () => {
  it('waits for no writer, so it is never part of a deadlock, and does not miss a write that was under way', async () => {
    const postgres = await PostgresServer.start();
    const url = await postgres.createDatabase();
    const connection = connectionTo(url, documentsMigrations());
    await connection.ready();
    const tables = new DocumentTables(connection);
    const writer = new pg.Client({ connectionString: url });
    await writer.connect();

    const held = await tables.leaseFilled('m', 1);
    const [locked, free] = [await tables.create('locked'), await tables.create('free')];
    const queued = await tables.queue.next(held, 10);
    await writer.query('begin');
    await writer.query(`update documents set body = 'being written' where id = $1`, [locked]);
    // Waits for the writer's lock on the document or on its place in the queue, if it waits for any.
    await tables.queue.save(
      held,
      queued.map((document) => ({ ...document, vector: [1] })),
    );
    expect((await tables.vectors.findNearest(held.space, [1], 5)).map(({ id }) => id)).toEqual([free]);
    await writer.query('commit');
    expect(await tables.queue.next(held, 10)).toMatchObject([{ id: locked, body: 'being written' }]);

    // A space that is made while a document is being written waits for the writer, which would not know of it.
    await writer.query('begin');
    await writer.query(`insert into documents (title, body, author, topic) values ('under way', 'b', 'a', 't')`);
    const other = tables.leaseFilled('n', 1);
    await new Promise((resolve) => setImmediate(resolve));
    await writer.query('commit');
    expect((await tables.queue.next(await other, 10)).map(({ title }) => title)).toContain('under way');

    await writer.end();
    await connection.close();
    await postgres.stop();
  });
});
