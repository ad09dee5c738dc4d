import type { DocumentsRepository } from '../../../src/modules/documents/database/documents.repository.js';
import { runOnce } from '../../../src/modules/documents/database/keyed-write.js';
import { writeKeyOf } from '../../../src/modules/documents/write-key.js';
import { sql } from 'drizzle-orm';
import { type DatabaseUnderTest, DATABASES } from './databases.js';
import { documentsMigrations, DocumentTables } from './document-tables.js';

const DRAFT = { title: 'On jars', body: 'A jar keeps.', author: 'ann', topic: 'pantry', labels: [] };

describe.each(DATABASES)('writes with an Idempotency-Key on %s', (name, start) => {
  let databases: DatabaseUnderTest;
  let tables: DocumentTables;
  let documents: DocumentsRepository;
  beforeAll(async () => {
    databases = await start(documentsMigrations());
    const connection = databases.connect();
    await connection.ready();
    tables = new DocumentTables(connection);
    ({ documents } = tables);
  });
  afterAll(() => databases.stop());
  beforeEach(() => tables.database.execute(sql`truncate documents, document_write_keys cascade`));

  const count = async (table = 'documents') => {
    const { rows } = await tables.database.execute<{ count: number }>(
      sql`select count(*)::int as count from ${sql.identifier(table)}`,
    );
    return rows[0]!.count;
  };
  const keyOf = (key: string, request: unknown = 'a request') => writeKeyOf(key, [request])!;
  const expectStatus = (write: Promise<unknown>, status: number) => expect(write).rejects.toMatchObject({ status });

  it('take effect once, and give the first result again', async () => {
    const created = await documents.create(DRAFT, keyOf('k'));
    expect(await documents.create(DRAFT, keyOf('k'))).toEqual(created);
    expect(await documents.create(DRAFT, keyOf('another'))).not.toEqual(created);
    expect(await count()).toBe(2);
  });

  it('of a change and a deletion are given again although the document has changed since', async () => {
    const { id } = await documents.create(DRAFT);
    const change = () => documents.update(id, { title: 'On lids' }, new Set([1]), keyOf('change'));
    const first = await change();
    expect(await change()).toEqual(first);
    const deletion = () => documents.delete(id, new Set([2]), keyOf('deletion'));
    const deleted = await deletion();
    expect(deleted).toMatchObject({ id, title: 'On lids' });
    expect(await deletion()).toEqual(deleted);
  });

  it('are refused with the same key for another request', async () => {
    await documents.create(DRAFT, keyOf('k', 'one'));
    await expectStatus(documents.create(DRAFT, keyOf('k', 'two')), 422);
    expect(await count()).toBe(1);
  });

  it('that were refused may be tried again with their key', async () => {
    const { id } = await documents.create(DRAFT);
    const change = (version: number) => documents.update(id, { title: 'x' }, new Set([version]), keyOf('k'));
    expect(await change(7)).toBe('changed');
    expect(await change(1)).toMatchObject({ after: { version: 2 } });
  });

  it('that failed keep nothing', async () => {
    await expect(documents.create({ ...DRAFT, body: 'nul\0' }, keyOf('k'))).rejects.toMatchObject({
      cause: expect.anything(),
    });
    expect(await count('document_write_keys')).toBe(0);
    expect(await documents.create(DRAFT, keyOf('k'))).toMatchObject({ version: 1 });
  });

  it('are forgotten after a day, and deleted by later writes', async () => {
    await documents.createMany([DRAFT], keyOf('k'));
    await tables.database.execute(sql`update document_write_keys set written_at = now() - interval '25 hours'`);
    await documents.create(DRAFT, keyOf('k', 'another request'));
    expect(await count()).toBe(2);
    await tables.database.execute(sql`update document_write_keys set written_at = now() - interval '25 hours'`);
    await documents.create(DRAFT, keyOf('other'));
    expect(await count('document_write_keys')).toBe(1);
  });

  it('at the same time leave one document', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        documents.create(DRAFT, keyOf('k')).catch((error: { status?: number }) => error.status),
      ),
    );
    expect(outcomes.filter((outcome) => typeof outcome === 'object').length).toBeGreaterThan(0);
    for (const outcome of outcomes) if (typeof outcome !== 'object') expect(outcome).toBe(409);
    expect(await count()).toBe(1);
  });

  it('are 409 while another request with the key is under way', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
    const other = tables.database.transaction(async (tx) => {
      await runOnce(tx, keyOf('k'), async () => {
        hold();
        if (name !== 'PGlite') await held;
        return { id: 'of the first' };
      });
    });
    await isHeld;
    // The embedded database runs one transaction at a time: the second waits there.
    if (name === 'PGlite') expect(await documents.createMany([DRAFT], keyOf('k'))).toEqual({ id: 'of the first' });
    else await expectStatus(documents.createMany([DRAFT], keyOf('k')), 409);
    release();
    await other;
    expect(await documents.createMany([DRAFT], keyOf('k'))).toEqual({ id: 'of the first' });
  });
});
