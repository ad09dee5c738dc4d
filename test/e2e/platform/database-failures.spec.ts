import { DatabaseConnection } from '../../../src/modules/database/index.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { eventually } from '../../support/eventually.js';

const DOCUMENT = { title: 'A', body: 'B', author: 'Ada', topic: 't', labels: [] };

describe('the service whose PostgreSQL fails', () => {
  let postgres: PostgresServer;
  let proxy: TcpProxy;
  let databaseUrl: string;
  const apps: TestApp[] = [];
  const start = async (url: string, env: NodeJS.ProcessEnv = {}) => {
    const app = await startApp({ DATABASE_URL: url, DATABASE_CONNECT_TIMEOUT: '1s', ...env });
    apps.push(app);
    return app;
  };
  const throughProxy = () => databaseUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`);

  beforeAll(async () => {
    postgres = await PostgresServer.start();
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    databaseUrl = await postgres.createDatabase();
    proxy = await TcpProxy.start(postgres.port);
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await proxy.stop();
  });

  const countDocuments = async () => {
    const rows = await postgres.query<{ id: string }>('select id from documents', [], databaseUrl);
    return rows.length;
  };

  it('says of a write whose answer was lost that its outcome is unknown, and counts it once', async () => {
    const app = await start(throughProxy());
    await eventually(() => app.operator.post('/documents').send(DOCUMENT).expect(201));
    const [inserting, committing] = [new Set<number>(), new Set<number>()];
    proxy.faults.fateOf = (chunk, direction, connection) => {
      if (direction === 'reply') return committing.delete(connection) ? 'cut' : 'pass';
      if (chunk.includes('insert into "documents"')) inserting.add(connection);
      if (chunk.includes('commit') && inserting.delete(connection)) committing.add(connection);
      return 'pass';
    };
    const send = () => app.operator.post('/documents').set('idempotency-key', 'the-second').send(DOCUMENT);
    const answer = await send().expect(503);
    expect(answer.body).toMatchObject({ type: 'urn:larder:outcome-unknown' });
    expect(answer.body.detail).toContain('Idempotency-Key');
    expect(answer.headers['retry-after']).toBe('1');
    expect(await countDocuments()).toBe(2);
    // As the answer advises: the repetition gets what the first made, and makes no more.
    await eventually(() => send().expect(201));
    expect(await countDocuments()).toBe(2);
  });

  it('is not ready before the database was reached once, and degraded with the reason when it is lost later', async () => {
    const never = await start('postgres://larder@127.0.0.1:1/none');
    await eventually(async () => {
      const { body, headers } = await never.operator.get('/health/ready').expect(503);
      expect(body.detail).toContain('ECONNREFUSED');
      expect(headers['retry-after']).toBe('1');
    });
    const [app, strict] = [
      await start(throughProxy()),
      await start(throughProxy(), { HEALTH_DATABASE_REQUIRED: 'true' }),
    ];
    for (const one of [app, strict])
      await eventually(() => one.operator.get('/health/ready').expect(200, { status: 'ok', phase: 'serving' }));
    proxy.faults.isBlackhole = true;
    proxy.cut();
    await eventually(
      async () => {
        await app.http.get('/documents?author=nobody').expect(503);
        const { body } = await app.operator.get('/health/ready').expect(200);
        expect(body.status).toBe('degraded');
        expect(body.reasons[0]).toMatch(/The database is not available: no connection/);
      },
      { timeoutMs: 20_000 },
    );
    await eventually(
      async () => {
        await strict.http.get('/documents?author=nobody').expect(503);
        await strict.operator.get('/health/ready').expect(503);
      },
      { timeoutMs: 20_000 },
    );
    proxy.faults.isBlackhole = false;
    for (const one of [app, strict])
      await eventually(() => one.operator.get('/health/ready').expect(200, { status: 'ok', phase: 'serving' }));
  }, 60_000);

  it('is degraded soon after the network stalled under a single statement, with no other request', async () => {
    const app = await start(throughProxy(), { DATABASE_STATEMENT_TIMEOUT: '10m' });
    await eventually(() => app.http.get('/documents').expect(200));
    const connection = app.get<DatabaseConnection>(DatabaseConnection);
    proxy.faults.isBlackhole = true;
    const stalled = (async () => app.operator.post('/documents').send(DOCUMENT))();
    await eventually(() => expect(connection.health()).toMatchObject({ state: 'failed' }), { timeoutMs: 20_000 });
    const { body } = await app.operator.get('/health/ready').expect(200);
    expect(body.status).toBe('degraded');
    proxy.faults.isBlackhole = false;
    proxy.cut();
    await stalled;
    await eventually(() => app.operator.get('/health/ready').expect(200, { status: 'ok', phase: 'serving' }));
  }, 60_000);

  it('serves reads with a role that may only read, and says why it refuses a write', async () => {
    const writer = await start(databaseUrl);
    await eventually(() => writer.operator.post('/documents').send(DOCUMENT).expect(201));
    await postgres.query('create role visitor login', [], databaseUrl);
    await postgres.query('grant select on all tables in schema public to visitor', [], databaseUrl);
    await postgres.query(`alter role visitor set default_transaction_read_only = on`, [], databaseUrl);
    const app = await start(databaseUrl.replace('larder@', 'visitor@'));
    await eventually(() => app.http.get('/documents').expect(200));
    const { body, headers } = await app.operator.post('/documents').send(DOCUMENT).expect(503);
    expect(body).toMatchObject({ type: 'urn:larder:database-read-only' });
    expect(headers['retry-after']).toBe('5');
  });
});
