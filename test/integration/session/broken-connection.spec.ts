import { randomUUID } from 'node:crypto';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { createSessionBackend, type SessionBackend } from '../../../src/modules/session/session-backend.js';
import { sessionConfig } from '../../../src/modules/session/session.config.js';
import { sessionMigrations } from '../../../src/modules/session/database/session-migrations.js';
import { SessionUnavailableException } from '../../../src/modules/session/index.js';
import { MigrationRegistry } from '../../../src/modules/database/migration-registry.js';
import type { DatabaseConnection } from '../../../src/modules/database/index.js';
import { eventually } from '../../support/eventually.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { connectionTo } from '../database/databases.js';

describe('a change of a cached session whose connection to the database breaks', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let connection: DatabaseConnection;
  let pool: RedisPool;
  let backend: SessionBackend;
  const hour = '1h';

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    const migrations = new MigrationRegistry();
    migrations.register(sessionMigrations);
    connection = connectionTo(postgres.url, migrations);
    pool = createRedisPool(redis.url);
    await Promise.all([connection.ready(), pool.monitor.waitUntilUp(60_000)]);
    backend = createSessionBackend({
      config: sessionConfig.parse({ SESSION_CACHE_TTL: hour, SESSION_ON_OUTAGE: 'closed' }),
      namespace: 'test',
      pool,
      database: connection.database,
    });
    await postgres.query(
      `create function break() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`,
    );
  });
  afterAll(async () => {
    await backend.close();
    await Promise.all([pool.close(), connection.close()]);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const cachedSession = async () => {
    const { store } = backend;
    const { id } = (await store.create({ id: randomUUID(), userId: 'ada', data: { n: 1 } }))!;
    await eventually(async () => {
      await store.find(id);
      await postgres.query(`update larder_session set data = '{"n":1,"unseen":true}' where id = $1`, [id]);
      expect((await store.find(id))?.data).toEqual({ n: 1 });
    });
    return id;
  };
  const whileCommitsBreak = async (change: () => Promise<unknown>) => {
    await postgres.query(
      'create constraint trigger breaking after update on larder_session deferrable initially deferred for each row execute function break()',
    );
    await expect(change()).rejects.toThrow(SessionUnavailableException);
    await postgres.query('drop trigger breaking on larder_session');
  };

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['save', (id) => backend.store.update(id, { data: { n: 2 } })],
    ['logout', (id) => backend.store.revoke(id)],
    ['rotation', (id) => backend.store.rotate(id, { newId: randomUUID() })],
    ['logout everywhere', () => backend.store.revokeAll({ userId: 'ada' })],
    ['logout of everyone', () => backend.store.revokeAll('everyone')],
  ])('is read from the database afterwards, because the outcome of the %s is unknown', async (_what, change) => {
    const id = await cachedSession();
    await whileCommitsBreak(() => change(id));
    // As if it had been.
    await postgres.query('update larder_session set revoked_at = now() where id = $1', [id]);
    expect(await backend.store.find(id)).toBeUndefined();
  });

  it('is served from the cache on, when the change was never sent', async () => {
    const id = await cachedSession();
    await postgres.crash();
    // The pool learns of it when it connects.
    await eventually(async () => {
      const refusal = await backend.store.update(randomUUID(), { data: {} }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ isOutcomeUnknown: false });
    });
    await expect(backend.store.update(id, { data: { n: 2 } })).rejects.toThrow(SessionUnavailableException);
    expect(await backend.store.find(id)).toMatchObject({ data: { n: 1 } });
    await postgres.restart();
  });
});
