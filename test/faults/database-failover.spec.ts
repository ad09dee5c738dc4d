import { setTimeout as delay } from 'node:timers/promises';
import { connectionTo } from '../integration/database/databases.js';
import { eventually } from '../support/eventually.js';
import { PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { AcknowledgedWrites, type WriteKind } from './support/acknowledged-writes.js';

const KINDS: WriteKind[] = ['transaction', 'rolledBack', 'statement'];

describe('a failover of PostgreSQL to its synchronous replica, under load', () => {
  it.each([
    ['crashes', (primary: PostgresServer) => primary.crash()],
    ['is cut off and goes on by itself', async (_primary: PostgresServer, proxy: TcpProxy) => proxy.cut()],
  ] as const)(
    'loses no acknowledged write when the primary %s',
    async (_name, end) => {
      const primary = await PostgresServer.start();
      const databaseUrl = await primary.createDatabase();
      const replica = await primary.startReplica();
      await primary.query(`alter system set synchronous_standby_names = '*'`);
      await primary.query('select pg_reload_conf()');
      const proxy = await TcpProxy.start(primary.port);
      const through = (port: number) => databaseUrl.replace(`:${primary.port}/`, `:${port}/`);
      const connection = connectionTo(through(proxy.port), undefined, {
        DATABASE_POOL_SIZE: '4',
        DATABASE_CONNECT_TIMEOUT: '1s',
        DATABASE_STATEMENT_TIMEOUT: '2s',
      });
      try {
        await connection.ready();
        const writes = new AcknowledgedWrites(connection);
        const stop = new AbortController();
        const load = Promise.all(
          KINDS.flatMap((kind) =>
            [1, 2].map(async () => {
              while (!stop.signal.aborted) {
                await writes.write(kind);
                await delay(1);
              }
            }),
          ),
        );
        const { acknowledged } = writes.outcomes;
        await eventually(() => expect(acknowledged.length).toBeGreaterThan(50));
        proxy.targetPort = replica.port;
        await end(primary, proxy);
        const before = acknowledged.length;
        await replica.query('select pg_promote()');
        await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 50), { timeoutMs: 30_000 });
        stop.abort();
        await load;
        const rows = await replica.query<{ id: number }>('select id from notes', [], through(replica.port));
        const there = new Set(rows.map(({ id }) => id));
        const { refused, rolledBack, strange } = writes.outcomes;
        expect(strange).toEqual([]);
        expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
        expect([...refused, ...rolledBack].filter((id) => there.has(id))).toEqual([]);
        expect(connection.health()).toMatchObject({ state: 'ready' });
      } finally {
        await connection.close();
        await proxy.stop();
        await Promise.all([replica.stop(), primary.stop()]);
      }
    },
    90_000,
  );
});
