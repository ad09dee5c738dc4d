import { eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import type { Database, DatabaseConnection } from '../../../src/modules/database/index.js';
import { cacheQueries } from '../../../src/modules/query-cache/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { connectionTo } from './databases.js';
import { notes } from './tables.js';
import { UnfencedDrizzleCache } from './unfenced-drizzle-cache.js';

describe('between a write and its commit', () => {
  let redis: RedisServer;
  let postgres: PostgresServer;
  let url: string;
  let cache: Cache;
  let connection: DatabaseConnection;
  let pool: pg.Pool;
  let fenced: Database;
  let unfenced: NodePgDatabase;
  let id = 0;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    url = await postgres.createDatabase();
    connection = connectionTo(url);
    await connection.ready();
    cache = createCache({ redis: redis.url });
    pool = new pg.Pool({ connectionString: url });
    fenced = cacheQueries(connection.database, cache.namespace('fenced'));
    unfenced = drizzle(pool, { cache: new UnfencedDrizzleCache(cache.namespace('unfenced')) });
  });
  afterAll(async () => {
    await Promise.all([cache.close(), connection.close(), pool.end()]);
    await Promise.all([redis.stop(), postgres.stop()]);
  });
  beforeEach(async () => {
    id += 1;
    await postgres.query('insert into notes values ($1, $2)', [id, 'old'], url);
  });

  type Db = Pick<Database, 'select' | 'update' | 'transaction'>;
  const read = async (db: Db) => (await db.select().from(notes).where(eq(notes.id, id)).$withCache())[0]?.text;
  const write = (db: Pick<Db, 'update'>, text: string) => db.update(notes).set({ text }).where(eq(notes.id, id));

  /** Reads while a transaction that changed the note is open, then after it was committed. */
  async function readAroundCommit(db: Db): Promise<{ before: string | undefined; after: string | undefined }> {
    let before: string | undefined;
    await db.transaction(async (tx) => {
      await write(tx, 'new');
      before = await read(db);
    });
    return { before, after: await read(db) };
  }

  it('stores old rows for good when the invalidation comes before the commit, as with the Cache class of Drizzle', async () => {
    expect(await readAroundCommit(unfenced as unknown as Db)).toEqual({ before: 'old', after: 'old' });
  });

  it('gives the new rows to every read after the commit', async () => {
    expect(await readAroundCommit(fenced)).toEqual({ before: 'old', after: 'new' });
  });

  /** Waits for the owner of lock 7, in the middle of the statement: its snapshot is older than its answer. */
  const readPastGate = async (db: Db) => {
    const rows = await db
      .select({ text: notes.text, passed: sql`pg_advisory_xact_lock_shared(7)::text` })
      .from(notes)
      .where(eq(notes.id, id))
      .$withCache();
    return rows[0]?.text;
  };

  /** A read that begins before a write and ends after it, then another. */
  async function readAroundWrite(db: Db): Promise<{ slow: string | undefined; after: string | undefined }> {
    const gate = new pg.Client({ connectionString: url });
    await gate.connect();
    await gate.query('select pg_advisory_lock(7)');
    const slow = readPastGate(db);
    await eventually(async () => {
      expect(
        await postgres.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`, [], url),
      ).toHaveLength(1);
    });
    await write(db, 'new');
    await gate.end();
    return { slow: await slow, after: await readPastGate(db) };
  }

  it('stores the rows of a slow read over the write that came meanwhile, as with the Cache class of Drizzle', async () => {
    expect(await readAroundWrite(unfenced as unknown as Db)).toEqual({ slow: 'old', after: 'old' });
  });

  it('gives the rows of a slow read to its caller, and to no caller after the write', async () => {
    expect(await readAroundWrite(fenced)).toEqual({ slow: 'old', after: 'new' });
  });

  it('invalidates when the connection breaks during the commit and its outcome is unknown', async () => {
    await postgres.query(
      `create or replace function break() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
      [],
      url,
    );
    expect(await read(fenced)).toBe('old');
    await postgres.query(
      `create constraint trigger breaking after update on notes deferrable initially deferred for each row execute function break()`,
      [],
      url,
    );
    await expect(fenced.transaction((tx) => write(tx, 'perhaps'))).rejects.toThrow(
      'outcome of the statement is unknown',
    );
    await postgres.query('drop trigger breaking on notes', [], url);
    // As if the commit had gone through.
    await postgres.query('update notes set text = $2 where id = $1', [id, 'perhaps'], url);
    expect(await read(fenced)).toBe('perhaps');
  });
});
