import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { DatabaseConnection } from '../../../src/modules/database/index.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { sessionMigrations } from '../../../src/modules/session/database/session-migrations.js';
import { sessionConfig } from '../../../src/modules/session/session.config.js';
import { PostgresSessionStore } from '../../../src/modules/session/stores/postgres.session-store.js';
import { hasPgBouncer, PgBouncer, type PoolMode } from '../../support/pgbouncer.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { connectionTo, NOTES } from './databases.js';
import { notes } from './tables.js';

const describeWithPgBouncer = hasPgBouncer ? describe : describe.skip;

describeWithPgBouncer.each<PoolMode>(['session', 'transaction'])('behind PgBouncer in %s mode', (mode) => {
  let postgres: PostgresServer;
  let bouncer: PgBouncer;
  let databaseUrl: string;
  const connections: DatabaseConnection[] = [];

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    bouncer = await PgBouncer.start(postgres, mode);
  }, 60_000);
  afterAll(async () => {
    await bouncer.stop();
    await postgres.stop();
  });
  beforeEach(async () => {
    databaseUrl = await postgres.createDatabase();
  });
  afterEach(() => Promise.all(connections.splice(0).map((connection) => connection.close())));

  const open = (env: NodeJS.ProcessEnv = {}) => {
    const migrations = new MigrationRegistry();
    migrations.register(NOTES);
    migrations.register(sessionMigrations);
    const connection = connectionTo(bouncer.urlOf(databaseUrl), migrations, { DATABASE_POOL_SIZE: '2', ...env });
    connections.push(connection);
    return connection;
  };

  it('instances that start together migrate the database once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => open({ DATABASE_POOL_SIZE: '1' }).ready()));
    const applied = await postgres.query('select name from larder_migrations order by name', [], databaseUrl);
    expect(applied.map(({ name }) => name as string)).toEqual([
      '0001_notes.sql',
      '0001_sessions.sql',
      '0002_clients_and_timeouts.sql',
      '0002_readers.sql',
    ]);
  });

  it('statements, transactions and sessions work, more at a time than PgBouncer has connections', async () => {
    const [one, other] = [open().database, open().database];
    await Promise.all(
      Array.from({ length: 40 }, (_, id) =>
        (id % 2 ? one : other).transaction(async (tx) => {
          await tx.insert(notes).values({ id, text: 'new' });
          await tx.update(notes).set({ text: 'changed' });
        }),
      ),
    );
    expect(await one.$count(notes)).toBe(40);
    const store = new PostgresSessionStore(one, sessionConfig.parse({}));
    const session = await store.create({ id: randomUUID(), userId: 'ada', data: { n: 1 } });
    const newId = randomUUID();
    expect(await store.rotate(session!.id, { newId })).toMatchObject({ session: { id: newId } });
    expect(await store.revokeAll({ userId: 'ada' })).toMatchObject({ count: 1 });
  });

  it('leaves no setting behind for the next client of a server connection', async () => {
    const { database } = open();
    await database.transaction((tx) => tx.execute(sql`select 1`));
    const rows = await postgres.query(
      `select pid from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
      [],
      databaseUrl,
    );
    expect(rows).toEqual([]);
    const { rows: settings } = await database.execute(sql`show statement_timeout`);
    expect(settings).toEqual([{ statement_timeout: '0' }]);
  });

  it('ends a statement that takes too long', async () => {
    const { database } = open({ DATABASE_STATEMENT_TIMEOUT: '100ms' });
    await expect(database.execute(sql`select pg_sleep(600)`)).rejects.toMatchObject({ cause: { code: '57014' } });
    await expect(database.transaction((tx) => tx.execute(sql`select pg_sleep(600)`))).rejects.toMatchObject({
      cause: { code: '57014' },
    });
    expect(await database.$count(notes)).toBe(0);
  });
});
