import { databaseConfig } from '../../../src/modules/database/database.config.js';
import { DatabaseConnection } from '../../../src/modules/database/index.js';
import { EmbeddedDriver } from '../../../src/modules/database/drivers/embedded/embedded.driver.js';
import { PostgresDriver } from '../../../src/modules/database/drivers/postgres.driver.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** One kind of database for a suite that runs on both; connections of one suite share the data. */
export interface DatabaseUnderTest {
  connect(): DatabaseConnection;
  stop(): Promise<void>;
}

/** For `describe.each`: the two kinds of database every feature must work on. */
export const DATABASES: readonly [
  name: string,
  start: (migrations?: MigrationRegistry) => Promise<DatabaseUnderTest>,
][] = [
  ['PGlite', startEmbedded],
  ['PostgreSQL', startPostgres],
];

/** Tables the tests use. */
export const NOTES = { feature: 'notes', folder: new URL('./migrations/', import.meta.url) };

export function connectionTo(
  url: string,
  migrations = notesMigrations(),
  env: NodeJS.ProcessEnv = {},
): DatabaseConnection {
  return new DatabaseConnection(new PostgresDriver(databaseConfig.parse({ DATABASE_URL: url, ...env })), migrations);
}

function notesMigrations(): MigrationRegistry {
  const migrations = new MigrationRegistry();
  migrations.register(NOTES);
  return migrations;
}

async function startPostgres(migrations = notesMigrations()): Promise<DatabaseUnderTest> {
  const server = await PostgresServer.start();
  const url = await server.createDatabase();
  const connections: DatabaseConnection[] = [];
  return {
    connect: () => {
      const connection = connectionTo(url, migrations);
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
    },
  };
}

/** PGlite has one connection, in one process. */
export async function startEmbedded(migrations = notesMigrations()): Promise<DatabaseUnderTest> {
  const connection = new DatabaseConnection(
    new EmbeddedDriver(databaseConfig.parse({ DATABASE_DIR: 'memory://' })),
    migrations,
  );
  return { connect: () => connection, stop: () => connection.close() };
}
