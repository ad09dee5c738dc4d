import { systemClock } from '../../../src/common/clock.js';
import { DatabaseConnection } from '../../../src/modules/database/index.js';
import { PostgresDriver } from '../../../src/modules/database/drivers/postgres.driver.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { sessionMigrations } from '../../../src/modules/session/database/session-migrations.js';
import type { SessionLifetime } from '../../../src/modules/session/session-lifetime.js';
import { MemorySessionStore } from '../../../src/modules/session/stores/memory.session-store.js';
import { PostgresSessionStore } from '../../../src/modules/session/stores/postgres.session-store.js';
import type { SessionStore } from '../../../src/modules/session/stores/session-store.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** A kind of store, with the server it needs. */
export interface StoreUnderTest {
  open(lifetime: SessionLifetime): SessionStore;
  stop(): Promise<void>;
}

export const STORES: [name: string, start: () => Promise<StoreUnderTest>][] = [
  ['memory', async () => ({
    open: (lifetime) => new MemorySessionStore(lifetime, { maxBytes: 2 ** 24, clock: systemClock }),
    stop: async () => undefined,
  })],
  ['PostgreSQL', async () => {
    const server = await PostgresServer.start();
    const migrations = new MigrationRegistry();
    migrations.register(sessionMigrations);
    const connection = new DatabaseConnection(
      new PostgresDriver({ url: server.url, poolSize: 8, dir: '', connectTimeoutMs: 3_000, statementTimeoutMs: 10_000 }),
      migrations,
    );
    return {
      open: (lifetime) => new PostgresSessionStore(connection.database, lifetime),
      stop: async () => {
        await connection.close();
        await server.stop();
      },
    };
  }],
];
