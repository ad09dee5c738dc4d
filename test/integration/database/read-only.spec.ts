import type { DatabaseConnection } from '../../../src/modules/database/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { connectionTo } from './databases.js';
import { notes } from './tables.js';

describe('a PostgreSQL that was migrated before', () => {
  let postgres: PostgresServer;
  let databaseUrl: string;
  const connections: DatabaseConnection[] = [];
  const open = (url: string) => {
    const connection = connectionTo(url);
    connections.push(connection);
    return connection;
  };
  const asRole = (role: string) => databaseUrl.replace('larder@', `${role}@`);

  beforeAll(async () => {
    postgres = await PostgresServer.start();
    databaseUrl = await postgres.createDatabase();
    await connectionTo(databaseUrl).ready();
    for (const statement of [
      'revoke create on schema public from public',
      'create role writer login',
      'create role reader login',
      'grant select, insert, update, delete on all tables in schema public to writer',
      'grant select on all tables in schema public to reader',
    ])
      await postgres.query(statement, [], databaseUrl);
  }, 60_000);
  afterAll(() => postgres.stop());
  afterEach(() => Promise.all(connections.splice(0).map((connection) => connection.close())));

  it('is used by a role that may not create anything', async () => {
    const { database } = open(asRole('writer'));
    await database.insert(notes).values({ id: 1, text: 'one' });
    expect(await database.$count(notes)).toBe(1);
  });

  it('serves reads to a role that may only read, and refuses its writes with a reason', async () => {
    const connection = open(asRole('reader'));
    await connection.database.select().from(notes);
    await expect(connection.database.insert(notes).values({ id: 2, text: 'two' })).rejects.toMatchObject({
      cause: { code: '42501' },
    });
    expect(connection.health().state).toBe('ready');
  });

  it('says what it lacks to a role that may not create it', async () => {
    const url = (await postgres.createDatabase()).replace('larder@', 'reader@');
    await postgres.query('revoke create on schema public from public', [], url.replace('reader@', 'larder@'));
    const connection = open(url);
    await expect(connection.ready()).rejects.toThrow(
      'migration notes/0001_notes.sql failed: the role may not create (42501); migrate with a role that may',
    );
    expect(connection.health()).toMatchObject({ state: 'failed', wasReady: false });
  });

  it('serves reads from a replica, and refuses writes until the replica is promoted', async () => {
    const replica = await postgres.startReplica();
    try {
      const { database } = open(databaseUrl.replace(`:${postgres.port}/`, `:${replica.port}/`));
      await eventually(async () => expect(await database.$count(notes)).toBe(1));
      await expect(database.insert(notes).values({ id: 3, text: 'three' })).rejects.toMatchObject({
        cause: { code: '25006' },
      });
      const inTransaction = database.transaction((tx) => tx.insert(notes).values({ id: 3, text: 'three' }));
      await expect(inTransaction).rejects.toMatchObject({ cause: { code: '25006' } });
      await replica.query('select pg_promote()');
      await eventually(() => database.insert(notes).values({ id: 3, text: 'three' }));
      expect(await database.$count(notes)).toBe(2);
    } finally {
      await replica.stop();
    }
  });
});
