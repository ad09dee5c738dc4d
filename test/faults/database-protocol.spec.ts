import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { DatabaseConnection } from '../../src/modules/database/index.js';
import { connectionTo } from '../integration/database/databases.js';
import { eventually } from '../support/eventually.js';
import { PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { AcknowledgedWrites, type WriteKind } from './support/acknowledged-writes.js';
import { armFault, disarm, type ProtocolFault, STEPS } from './support/protocol-faults.js';

const POOL_SIZE = 3;

const FAULTS: ProtocolFault[] = STEPS.flatMap((step) =>
  (['request', 'answer'] as const).flatMap((lost) =>
    (['stall', 'cut', 'delay'] as const).map((kind) => ({ step, lost, kind })),
  ),
);

describe('writes to PostgreSQL over a network that fails at one step of the protocol', () => {
  let postgres: PostgresServer;
  let proxy: TcpProxy;
  let databaseUrl: string;
  let connection: DatabaseConnection;
  let writes: AcknowledgedWrites;

  beforeAll(async () => {
    postgres = await PostgresServer.start();
  });
  afterAll(() => postgres.stop());

  beforeEach(async () => {
    databaseUrl = await postgres.createDatabase();
    proxy = await TcpProxy.start(postgres.port);
    const throughProxy = databaseUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    connection = connectionTo(throughProxy, undefined, {
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      DATABASE_CONNECT_TIMEOUT: '1s',
      DATABASE_STATEMENT_TIMEOUT: '1s',
    });
    writes = new AcknowledgedWrites(connection);
    await connection.ready();
  });
  afterEach(async () => {
    await connection.close();
    await proxy.stop();
  });

  const rowsThere = async () =>
    new Set((await postgres.query<{ id: number }>('select id from notes', [], databaseUrl)).map(({ id }) => id));

  /** The promise: acknowledged writes are there, and writes that were refused are not. */
  const expectTruth = async () => {
    const rows = await rowsThere();
    const { acknowledged, refused, rolledBack, strange } = writes.outcomes;
    expect(strange).toEqual([]);
    expect(acknowledged.filter((id) => !rows.has(id))).toEqual([]);
    expect([...refused, ...rolledBack].filter((id) => rows.has(id))).toEqual([]);
  };

  /** Every connection of the pool can be had at once, and is outside a transaction. */
  const expectFullPool = async () => {
    await eventually(async () => {
      const { promise: allHere, resolve } = Promise.withResolvers<void>();
      let here = 0;
      const pids = await Promise.all(
        Array.from({ length: POOL_SIZE }, () =>
          connection.database.transaction(async (tx) => {
            const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
            here += 1;
            if (here === POOL_SIZE) resolve();
            await allHere;
            return rows[0]!.pid;
          }),
        ),
      );
      expect(new Set(pids).size).toBe(POOL_SIZE);
    });
    const { total, idle, waiting } = connection.health().pool;
    expect({ total, idle, waiting }).toEqual({ total: POOL_SIZE, idle: POOL_SIZE, waiting: 0 });
    await eventually(async () => {
      const open = await postgres.query(
        `select state from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
        [],
        databaseUrl,
      );
      expect(open).toEqual([]);
    });
  };

  const recovered = () =>
    eventually(async () => {
      await connection.ready();
      await connection.database.execute(sql`select 1`);
    });

  it.each(FAULTS)('are kept, and the pool is whole, when the $lost of a $step is hit by a $kind', async (fault) => {
    const kind: WriteKind = fault.step === 'rollback' ? 'rolledBack' : 'transaction';
    await writes.writeMany('transaction', POOL_SIZE);
    const hits = armFault(proxy, fault, POOL_SIZE);
    await writes.writeMany(kind, POOL_SIZE);
    expect(hits()).toBe(POOL_SIZE);
    // The network is well again. The pool holds the connections that the fault left.
    disarm(proxy);
    await recovered();
    for (let round = 0; round < 5; round++) await writes.writeMany('transaction', POOL_SIZE);
    expect(writes.outcomes.acknowledged.length).toBeGreaterThanOrEqual(POOL_SIZE * 6);
    if (fault.kind === 'delay') {
      expect(writes.outcomes.refused).toEqual([]);
      expect(writes.outcomes.unknown).toEqual([]);
    }
    await expectTruth();
    await expectFullPool();
  });

  it.each(FAULTS.filter(({ step, kind }) => step === 'commit' && kind !== 'delay'))(
    'have an unknown outcome when the $lost of the commit is hit by a $kind',
    async (fault) => {
      const hits = armFault(proxy, fault, 1);
      await writes.write('transaction');
      expect(hits()).toBe(1);
      expect(writes.outcomes.unknown).toEqual([1]);
      expect((await rowsThere()).has(1)).toBe(fault.lost === 'answer');
    },
  );

  it.each(FAULTS.filter(({ step, kind }) => (step === 'begin' || step === 'statement') && kind !== 'delay'))(
    'have surely changed nothing when the $lost of a $step in a transaction is hit by a $kind',
    async (fault) => {
      armFault(proxy, fault, 1);
      await writes.write('transaction');
      expect(writes.outcomes).toMatchObject({ refused: [1], unknown: [] });
      expect(await rowsThere()).toEqual(new Set());
    },
  );

  it.each(FAULTS.filter(({ step }) => step === 'statement'))(
    'that are one statement are kept, and the pool is whole, when its $lost is hit by a $kind',
    async (fault) => {
      const hits = armFault(proxy, fault, POOL_SIZE);
      await writes.writeMany('statement', POOL_SIZE);
      expect(hits()).toBe(POOL_SIZE);
      expect(writes.outcomes.unknown).toHaveLength(fault.kind === 'delay' ? 0 : POOL_SIZE);
      disarm(proxy);
      await recovered();
      await writes.writeMany('statement', 10);
      expect(writes.outcomes.acknowledged.length).toBeGreaterThanOrEqual(10);
      await expectTruth();
      await expectFullPool();
    },
  );

  it('are kept through a network that stalls again and again under load', async () => {
    const end = new AbortController();
    const kinds: WriteKind[] = ['transaction', 'rolledBack', 'statement'];
    const load = Promise.all(
      kinds.flatMap((kind) =>
        [1, 2].map(async () => {
          while (!end.signal.aborted) {
            await writes.write(kind);
            await delay(1);
          }
        }),
      ),
    );
    for (let round = 0; round < 4; round++) {
      const before = writes.outcomes.acknowledged.length;
      await eventually(() => expect(writes.outcomes.acknowledged.length).toBeGreaterThan(before + 10));
      proxy.faults.isBlackhole = true;
      await eventually(() => expect(connection.health().state).toBe('failed'));
      proxy.faults.isBlackhole = false;
      if (round % 2 === 0) proxy.cut();
    }
    end.abort();
    await load;
    await recovered();
    expect(writes.outcomes.acknowledged.length).toBeGreaterThan(40);
    await expectTruth();
    await expectFullPool();
  });

  it('are taken again after the network stalled in the middle of looking for the database', async () => {
    proxy.faults.isBlackhole = true;
    await writes.writeMany('statement', POOL_SIZE * 2);
    await eventually(() => expect(connection.health().state).toBe('failed'));
    // It connects, and its next request is lost.
    proxy.faults.fateOf = (chunk, direction) =>
      direction === 'request' && chunk.includes('larder_migrations') ? 'lose' : 'pass';
    proxy.faults.isBlackhole = false;
    await eventually(() => expect(connection.health().reason).toContain('connection was lost'), { timeoutMs: 20_000 });
    disarm(proxy);
    await recovered();
    await expectFullPool();
  });

  it('are refused at once while the database is known to be away, and taken again by itself', async () => {
    proxy.faults.isBlackhole = true;
    await writes.writeMany('statement', POOL_SIZE * 2);
    await eventually(() => expect(connection.health()).toMatchObject({ state: 'failed', wasReady: true }));
    const isRefusedAtOnce = await Promise.race([
      writes.write('statement').then(() => true),
      new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(false)))),
    ]);
    expect(isRefusedAtOnce).toBe(true);
    proxy.faults.isBlackhole = false;
    await eventually(() => expect(connection.health().state).toBe('ready'));
    await expectFullPool();
  });
});
