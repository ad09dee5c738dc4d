import { systemClock } from '../../../src/common/clock.js';
import { DatabaseConnection, databaseConfig } from '../../../src/modules/database/index.js';
import { PostgresDriver } from '../../../src/modules/database/drivers/postgres.driver.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import { sessionMigrations } from '../../../src/modules/session/database/session-migrations.js';
import type { SessionLifetime } from '../../../src/modules/session/model/session-lifetime.js';
import { createRedisPool } from '../../../src/modules/redis/index.js';
import { MemorySessionStore } from '../../../src/modules/session/stores/memory.session-store.js';
import { PostgresSessionStore } from '../../../src/modules/session/stores/postgres.session-store.js';
import { RedisSessionStore } from '../../../src/modules/session/stores/redis.session-store.js';
import { RevocationJournal } from '../../../src/modules/session/stores/revocation-journal.js';
import { SessionScripts } from '../../../src/modules/session/stores/session-scripts.js';
import type { SessionStore } from '../../../src/modules/session/stores/session-store.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';

/** A kind of store, with the server it needs. */
export interface StoreUnderTest {
  open(lifetime: SessionLifetime): SessionStore;
  stop(): Promise<void>;
}

type StoreKind = [name: string, start: () => Promise<StoreUnderTest>];

export const STORES: StoreKind[] = [
  [
    'memory',
    async () => ({
      open: (lifetime) => new MemorySessionStore(lifetime, { maxBytes: 2 ** 24, clock: systemClock }),
      stop: async () => undefined,
    }),
  ],
  [
    'Redis',
    async () => {
      const server = await RedisServer.start();
      return inRedis(server.url, () => server.stop());
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const server = await PostgresServer.start();
      const migrations = new MigrationRegistry();
      migrations.register(sessionMigrations);
      const connection = new DatabaseConnection(
        new PostgresDriver(databaseConfig.parse({ DATABASE_URL: server.url, DATABASE_POOL_SIZE: '8' })),
        migrations,
      );
      return {
        open: (lifetime) => new PostgresSessionStore(connection.database, lifetime),
        stop: async () => {
          await connection.close();
          await server.stop();
        },
      };
    },
  ],
];

/** Takes seconds to start, so not every suite runs on it. */
export const CLUSTER: StoreKind = [
  'Redis Cluster',
  async () => {
    const cluster = await RedisCluster.start();
    return inRedis(
      cluster.source,
      async () => void (await Promise.all(cluster.servers.map((server) => server.stop()))),
    );
  },
];

async function inRedis(
  source: Parameters<typeof createRedisPool>[0],
  stop: () => Promise<void>,
): Promise<StoreUnderTest> {
  const pool = createRedisPool(source);
  await pool.monitor.waitUntilUp(60_000);
  const scripts = new SessionScripts({ pool, namespace: 'test', clock: systemClock });
  return {
    open: (lifetime) =>
      new RedisSessionStore(scripts, lifetime, new RevocationJournal(lifetime.absoluteTimeoutMs, systemClock)),
    stop: async () => {
      await pool.close();
      await stop();
    },
  };
}
