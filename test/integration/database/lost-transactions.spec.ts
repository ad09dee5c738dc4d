import { eq, sql } from 'drizzle-orm';
import type { Database, DatabaseConnection } from '../../../src/modules/database/index.js';
import { isUnavailable } from '../../../src/modules/database/index.js';
import { sqlStateOf } from '../../../src/modules/database/database.errors.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { connectionTo } from './databases.js';
import { notes } from './tables.js';

/** Resolves in each of two transactions when both have come this far, as often as it is asked. */
function meetingPlace(): () => Promise<void> {
  let waiting: (() => void) | undefined;
  return () =>
    new Promise((resolve) => {
      if (!waiting) {
        waiting = resolve;
        return;
      }
      waiting();
      waiting = undefined;
      resolve();
    });
}

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

describe('transactions of PostgreSQL that lose to another', () => {
  let postgres: PostgresServer;
  let connection: DatabaseConnection;
  let database: Database;
  let databaseUrl: string;

  beforeAll(async () => {
    postgres = await PostgresServer.start(['deadlock_timeout=50ms']);
    databaseUrl = await postgres.createDatabase();
    connection = connectionTo(databaseUrl);
    await connection.ready();
    ({ database } = connection);
  });
  afterAll(async () => {
    await connection.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    await database.delete(notes);
    await database.insert(notes).values([
      { id: 1, text: '0' },
      { id: 2, text: '0' },
    ]);
  });

  const increment = (tx: Pick<Transaction, 'update'>, id: number) =>
    tx
      .update(notes)
      .set({ text: sql`(${notes.text}::int + 1)::text` })
      .where(eq(notes.id, id));
  const texts = async () => (await database.select().from(notes).orderBy(notes.id)).map(({ text }) => text);

  /** Two transactions that lock the same two rows in opposite orders, the first `meetings` times at the same moment. */
  const fight = (meetings: number) => {
    const meet = meetingPlace();
    const attempts = { one: 0, two: 0 };
    const run = (name: keyof typeof attempts, first: number, second: number) =>
      database.transaction(async (tx) => {
        attempts[name] += 1;
        await increment(tx, first);
        if (attempts[name] <= meetings) await meet();
        await increment(tx, second);
      });
    return { attempts, done: Promise.allSettled([run('one', 1, 2), run('two', 2, 1)]) };
  };

  /** Until another transaction holds the row. */
  const locked = (id: number) =>
    eventually(async () => {
      const { rows } = await database.execute(sql`select id from notes where id = ${id} for update skip locked`);
      expect(rows).toEqual([]);
    });

  it('in a deadlock are run again once, and both take effect once', async () => {
    const { attempts, done } = fight(1);
    expect((await done).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(attempts.one + attempts.two).toBe(3);
    expect(await texts()).toEqual(['2', '2']);
    expect(connection.health().pool).toMatchObject({ waiting: 0, isStarved: false });
  });

  it('in a deadlock again after the repetition fail as such, and change nothing', async () => {
    // The other side is a client that the service knows nothing of, and that fights as often as it has to.
    const opponents: Promise<unknown>[] = [];
    let attempts = 0;
    const losing = database.transaction(async (tx) => {
      attempts += 1;
      await increment(tx, 1);
      await tx.execute(sql`set local deadlock_timeout = '10ms'`);
      const opponent = postgres.query(
        `do $$ begin
           perform set_config('deadlock_timeout', '10min', true);
           update notes set text = (text::int + 1)::text where id = 2;
           update notes set text = (text::int + 1)::text where id = 1;
         end $$`,
        [],
        databaseUrl,
      );
      opponents.push(opponent);
      await locked(2);
      await increment(tx, 2);
    });
    const error: unknown = await losing.catch((reason: unknown) => reason);
    await Promise.all(opponents);
    expect(sqlStateOf(error)).toBe('40P01');
    expect(isUnavailable(error)).toBe(true);
    expect(attempts).toBe(2);
    expect(await texts()).toEqual(['2', '2']);
  });

  it('in a conflict of serializable transactions are run again once, and both take effect', async () => {
    const meet = meetingPlace();
    const attempts = { one: 0, two: 0 };
    const run = (name: keyof typeof attempts, id: number) =>
      database.transaction(
        async (tx) => {
          attempts[name] += 1;
          const rows = await tx.select().from(notes);
          const sum = rows.reduce((total, { text }) => total + Number(text), 0);
          if (attempts[name] === 1) await meet();
          await tx
            .update(notes)
            .set({ text: String(sum + 1) })
            .where(eq(notes.id, id));
        },
        { isolationLevel: 'serializable' },
      );
    await Promise.all([run('one', 1), run('two', 2)]);
    expect(attempts.one + attempts.two).toBe(3);
    // As if one had run after the other: the second saw what the first wrote.
    expect((await texts()).toSorted()).toEqual(['1', '2']);
  });

  it('in a single statement are run again once', async () => {
    await database.execute(sql`create sequence if not exists losses`);
    // nextval is not rolled back, so that only the first execution fails.
    await database.execute(sql`
      create or replace function lose_once() returns trigger language plpgsql as $$ begin
        if nextval('losses') = 1 then raise exception using errcode = '40001', message = 'lost'; end if;
        return new;
      end $$`);
    await database.execute(sql`create trigger losing before update on notes for each row execute function lose_once()`);
    await increment(database, 1);
    expect(await texts()).toEqual(['1', '0']);
    await database.execute(sql`drop trigger losing on notes`);
  });
});
