import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { newDir, type PostgresServer, unprivileged } from './postgres-server.js';
import { ServerProcess } from './server-process.js';
import pg from 'pg';

const PROGRAM = process.env['PGBOUNCER'] ?? '/usr/sbin/pgbouncer';

/** Whether the tests that need it can run; the test command says by name what it leaves out. */
export const hasPgBouncer = existsSync(PROGRAM);

/** How PgBouncer gives out connections to the server: one a client, or one a transaction. */
export type PoolMode = 'session' | 'transaction';

/** A PgBouncer of the test's own in front of a PostgreSQL, with its defaults: unknown start-up parameters are refused. */
export class PgBouncer {
  private constructor(
    private readonly process: ServerProcess,
    private readonly port: number,
    private readonly dir: string,
  ) {}

  static async start(postgres: PostgresServer, mode: PoolMode): Promise<PgBouncer> {
    const [port, dir] = [await freePort(), newDir('larder-pgbouncer-')];
    const config = join(dir, 'pgbouncer.ini');
    writeFileSync(join(dir, 'users.txt'), '"larder" ""\n');
    writeFileSync(
      config,
      [
        '[databases]',
        `* = host=127.0.0.1 port=${postgres.port}`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${port}`,
        'unix_socket_dir =',
        'auth_type = trust',
        `auth_file = ${join(dir, 'users.txt')}`,
        `pool_mode = ${mode}`,
        // In transaction mode fewer than clients, so that transactions of one client run on different servers.
        `default_pool_size = ${mode === 'session' ? 10 : 3}`,
      ].join('\n'),
    );
    execFileSync('chmod', ['-R', 'a+rX', dir]);
    const [program, ...args] = [...unprivileged('--pdeathsig', 'KILL'), PROGRAM, config];
    const bouncer = new PgBouncer(await ServerProcess.spawn(program!, args), port, dir);
    await eventually(() => bouncer.probe(), { timeoutMs: 20_000 });
    return bouncer;
  }

  /** The url of the same database through PgBouncer. */
  urlOf(databaseUrl: string): string {
    return databaseUrl.replace(/:\d+\//, `:${this.port}/`);
  }

  async stop(): Promise<void> {
    await this.process.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async probe(): Promise<void> {
    if (!this.process.isRunning) throw new Error(`PgBouncer did not start:\n${this.process.tail}`);
    const client = new pg.Client({ connectionString: `postgres://larder@127.0.0.1:${this.port}/postgres` });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
  }
}
