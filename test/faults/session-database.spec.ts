import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { DatabaseConnection } from '../../src/modules/database/index.js';
import { MigrationRegistry } from '../../src/modules/database/migration-registry.js';
import { sessionMigrations } from '../../src/modules/session/database/session-migrations.js';
import { SessionUnavailableException } from '../../src/modules/session/index.js';
import { PostgresSessionStore } from '../../src/modules/session/stores/postgres.session-store.js';
import { connectionTo } from '../integration/database/databases.js';
import { eventually } from '../support/eventually.js';
import { PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { armFault, disarm, type ProtocolFault } from './support/protocol-faults.js';

const HOUR_MS = 3_600_000;
const POOL_SIZE = 3;

const FAULTS = (['begin', 'commit'] as const).flatMap((step) =>
  (['request', 'answer'] as const).flatMap((lost) =>
    (['stall', 'cut'] as const).map((kind): ProtocolFault => ({ step, lost, kind })),
  ),
);

describe('sessions in PostgreSQL over a network that fails at one step of the protocol', () => {
  let postgres: PostgresServer;
  let proxy: TcpProxy;
  let connection: DatabaseConnection;
  let store: PostgresSessionStore;
  let databaseUrl: string;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    databaseUrl = await postgres.createDatabase();
    proxy = await TcpProxy.start(postgres.port);
    const migrations = new MigrationRegistry();
    migrations.register(sessionMigrations);
    connection = connectionTo(databaseUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`), migrations, {
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      DATABASE_CONNECT_TIMEOUT: '1s',
      DATABASE_STATEMENT_TIMEOUT: '1s',
    });
    await connection.ready();
    store = new PostgresSessionStore(connection.database, { idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: HOUR_MS });
  });
  afterEach(async () => {
    await connection.close();
    await proxy.stop();
  });

  const begin = async () => (await store.create({ id: randomUUID(), userId: randomUUID(), data: {} }))!;
  const recovered = () => eventually(() => connection.database.execute(sql`select 1`));

  it.each(
    FAULTS.flatMap((fault) => [
      { ...fault, change: 'rotation' },
      { ...fault, change: 'end' },
    ]),
  )('say what became of: $change, when the $lost of a $step is hit by a $kind', async ({ change, ...fault }) => {
    const { id, userId } = await begin();
    const newId = randomUUID();
    const hits = armFault(proxy, fault, 1);
    const reason = await (
      change === 'rotation' ? store.rotate(id, { newId }) : store.revokeAll({ userId: userId! })
    ).catch((error: unknown) => error);
    expect(hits()).toBe(1);
    expect(reason).toBeInstanceOf(SessionUnavailableException);
    expect(reason).toMatchObject({ isOutcomeUnknown: fault.step === 'commit' });
    disarm(proxy);
    await recovered();
    const isDone = fault.step === 'commit' && fault.lost === 'answer';
    expect((await store.find(id)) === undefined).toBe(isDone);
    expect((await store.find(newId)) !== undefined).toBe(isDone && change === 'rotation');
    // Acknowledged afterwards, and there for everyone: no connection of the pool is in an old transaction.
    const later = await Promise.all(Array.from({ length: POOL_SIZE * 3 }, begin));
    const rows = await postgres.query<{ id: string }>('select id from larder_session', [], databaseUrl);
    const there = new Set(rows.map((row) => row.id));
    expect(later.filter((session) => !there.has(session.id))).toEqual([]);
    const { total, idle, waiting } = connection.health().pool;
    expect({ busy: total - idle, waiting }).toEqual({ busy: 0, waiting: 0 });
  });
});
