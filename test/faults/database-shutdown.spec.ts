import { PostgresServer } from '../support/postgres-server.js';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { printFigures } from './support/figures.js';

/** Longest end of a process: requests under way, connections in use and the rest have a limit each. */
const MAX_END_MS = 25_000;
const TOKEN = 'a-token-of-the-tests';
const DOCUMENT = { title: 'A', body: 'B', author: 'Ada', topic: 't', labels: [] };

describe('SIGTERM while PostgreSQL is stalled', () => {
  let postgres: PostgresServer;
  let proxy: TcpProxy;
  let service: ServiceProcess;

  beforeEach(async () => {
    postgres = await PostgresServer.start();
    proxy = await TcpProxy.start(postgres.port);
  });
  afterEach(async () => {
    service.kill('SIGKILL');
    await service.exited;
    await proxy.stop();
    await postgres.stop();
  });

  const start = async () => {
    service = ServiceProcess.spawn({
      DATABASE_URL: postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`),
      DATABASE_CONNECT_TIMEOUT: '1s',
      DATABASE_POOL_SIZE: '3',
      DOCUMENTS_TOKEN: TOKEN,
    });
    return service.url();
  };
  const write = (url: string) =>
    fetch(`${url}/documents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(DOCUMENT),
    }).then(
      ({ status }) => status,
      () => 'closed' as const,
    );

  it.each([
    ['in the middle of statements', true],
    ['while it is looked for', false],
  ])(
    'ends the process with code 0 within its limits, %s',
    async (_when, isBusy) => {
      const url = await start();
      await eventually(async () => expect(await write(url)).toBe(201));
      proxy.faults.isBlackhole = true;
      // More than there are connections; the statement timeout is the default of 30 s.
      const writes = Array.from({ length: 6 }, () => write(url));
      if (!isBusy) proxy.cut();
      await eventually(async () => {
        const { status } = (await (await fetch(`${url}/health/ready`)).json()) as { status: string };
        expect(status).toBe('degraded');
      });
      const startedMs = performance.now();
      service.kill('SIGTERM');
      expect(await service.exited).toBe(0);
      const endedMs = performance.now() - startedMs;
      printFigures('SIGTERM while PostgreSQL is stalled', { endedMs });
      expect(endedMs).toBeLessThan(MAX_END_MS);
      for (const outcome of await Promise.all(writes)) expect([503, 'closed']).toContain(outcome);
    },
    120_000,
  );
});
