import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { DatabaseConnection, databaseConfig } from '../../../src/modules/database/index.js';
import { EmbeddedDriver } from '../../../src/modules/database/drivers/embedded/embedded.driver.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { connectionTo, type DatabaseUnderTest, DATABASES } from './databases.js';
import { notes } from './tables.js';

describe.each(DATABASES)('the database connection on %s', (_name, start) => {
  let databases: DatabaseUnderTest;
  beforeAll(async () => {
    databases = await start();
  });
  afterAll(() => databases.stop());

  it('opens and migrates with the first statement', async () => {
    const connection = databases.connect();
    expect(connection.health().state).toBe('idle');
    await connection.database.insert(notes).values({ id: 1, text: 'one' });
    expect(await connection.database.select().from(notes)).toEqual([{ id: 1, text: 'one' }]);
    expect(connection.health().state).toBe('ready');
  });

  it('runs transactions, and undoes those that throw', async () => {
    const { database } = databases.connect();
    await database.transaction((tx) => tx.insert(notes).values({ id: 2, text: 'two' }));
    const failed = database.transaction(async (tx) => {
      await tx.insert(notes).values({ id: 3, text: 'three' });
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await database.select({ id: notes.id }).from(notes).orderBy(notes.id)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('answers raw statements with rows', async () => {
    const { rows } = await databases.connect().database.execute(sql`select 1 as one`);
    expect(rows).toEqual([{ one: 1 }]);
  });
});

describe('PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
  });
  afterAll(() => postgres.stop());

  it('is migrated once by instances that start together', async () => {
    const url = await postgres.createDatabase();
    const connections = Array.from({ length: 6 }, () => connectionTo(url));
    await Promise.all(connections.map((connection) => connection.ready()));
    const applied = await postgres.query('select feature, name from larder_migrations', [], url);
    expect(applied).toEqual(['0001_notes.sql', '0002_readers.sql'].map((name) => ({ feature: 'notes', name })));
    await Promise.all(connections.map((connection) => connection.close()));
  });

  it('may come after the application, crash and come back', async () => {
    const url = await postgres.createDatabase();
    await postgres.crash();
    const connection = connectionTo(url);
    await expect(connection.database.select().from(notes)).rejects.toMatchObject({
      cause: { name: 'DatabaseUnavailableError' },
    });
    expect(connection.health()).toMatchObject({ state: 'failed', reason: 'no connection (ECONNREFUSED)' });

    await postgres.restart();
    await eventually(() => connection.database.insert(notes).values({ id: 1, text: 'kept' }));
    await postgres.crash();
    await expect(connection.database.select().from(notes)).rejects.toThrow('Failed query');
    expect(await connection.probe()).toMatchObject({ state: 'failed' });

    await postgres.restart();
    await eventually(async () =>
      expect(await connection.database.select().from(notes)).toEqual([{ id: 1, text: 'kept' }]),
    );
    expect(await connection.probe()).toMatchObject({ state: 'ready' });
    await connection.close();
  });

  it('is given up on while it takes connections and answers nothing', async () => {
    const url = await postgres.createDatabase();
    const connection = connectionTo(url, undefined, { DATABASE_CONNECT_TIMEOUT: '200ms' });
    postgres.pause();
    await expect(connection.ready()).rejects.toMatchObject({ name: 'DatabaseUnavailableError' });
    expect(await connection.probe()).toMatchObject({ state: 'failed' });
    postgres.resume();
    await eventually(() => connection.ready());
    await connection.close();
  });

  it('undoes a migration that fails half way, and tries it again at the next use', async () => {
    const url = await postgres.createDatabase();
    const dir = await mkdtemp(join(tmpdir(), 'larder-migrations-'));
    await writeFile(join(dir, '0001_first.sql'), 'create table first (id int); create table second (id int);');
    await postgres.query('create table second (id int)', [], url);
    const migrations = new MigrationRegistry();
    migrations.register({ feature: 'two', folder: new URL(`file://${dir}/`) });
    const connection = connectionTo(url, migrations);

    await expect(connection.ready()).rejects.toThrow(
      'migration two/0001_first.sql failed: relation "second" already exists (42P07)',
    );
    await postgres.query('drop table second', [], url);
    await eventually(() => connection.ready());
    expect(await postgres.query('select count(*)::int as rows from first', [], url)).toEqual([{ rows: 0 }]);
    await connection.close();
    await rm(dir, { recursive: true });
  });
});

describe('PGlite in a directory', () => {
  it('keeps its data, and is refused to a second user while it is open', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'larder-pglite-'));
    const open = () =>
      new DatabaseConnection(
        new EmbeddedDriver(databaseConfig.parse({ DATABASE_DIR: join(dir, 'data') })),
        new MigrationRegistry(),
      );
    const first = open();
    await first.database.execute(sql`create table kept as select 7 as seven`);
    const second = open();
    await expect(second.ready()).rejects.toThrow(`process ${process.pid} uses`);
    await first.close();
    await eventually(() => second.ready());
    expect((await second.database.execute(sql`select seven from kept`)).rows).toEqual([{ seven: 7 }]);
    await second.close();
    await rm(dir, { recursive: true });
  });
});
