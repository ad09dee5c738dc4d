import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

const SETTINGS = [
  '--no-defaults',
  '--bind-address=127.0.0.1',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-buffer-pool-size=16M',
  '--innodb-log-file-size=4M',
  '--key-buffer-size=1M',
  '--aria-pagecache-buffer-size=1M',
  '--max-connections=60',
  '--skip-name-resolve',
];

/** Whether MariaDB is installed: `MARIADB_SERVER`, or `mariadbd` on the PATH or in `/usr/sbin`. */
export function hasMariadb(): boolean {
  return serverProgram() !== undefined;
}

/**
 * A real MariaDB of the test's own on a free loopback port, from installed binaries. What `mariadb-install-db` makes is
 * kept in the temporary directory and copied from then on.
 *
 * @example
 * const mariadb = await MariadbServer.start();
 * afterAll(() => mariadb.stop());
 */
export class MariadbServer {
  private databases = 0;

  private constructor(
    private readonly process: ServerProcess,
    readonly port: number,
    private readonly dataDir: string,
  ) {}

  /** @param args more arguments for `mariadbd`, as `['--performance-schema=on']`. */
  static async start(args: readonly string[] = []): Promise<MariadbServer> {
    const dataDir = mkdtempSync(join(tmpdir(), 'larder-mariadb-'));
    cpSync(templateDir(), dataDir, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const server = new MariadbServer(await launch(port, dataDir, args), port, dataDir);
      try {
        await server.ready();
        return server;
      } catch (error) {
        await server.process.kill();
        // Another program may have taken the port meanwhile.
        if (attempt === 3) {
          rmSync(dataDir, { recursive: true, force: true });
          throw error;
        }
      }
    }
  }

  /** A new, empty database on this server; gives its url. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.databases}`;
    await this.query(`create database ${name} default character set utf8mb4`);
    return `mysql://root@127.0.0.1:${this.port}/${name}`;
  }

  /** Runs one statement on a connection of its own. */
  async query(
    text: string,
    params: unknown[] = [],
    url = `mysql://root@127.0.0.1:${this.port}`,
  ): Promise<RowDataPacket[]> {
    const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
    try {
      return await rowsOf(connection, text, params);
    } finally {
      await connection.end();
    }
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.process.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    await eventually(
      async () => {
        if (this.process.isRunning) await this.query('select 1');
      },
      { intervalMs: 25 },
    );
    if (!this.process.isRunning) throw new Error(`MariaDB did not start:\n${this.process.tail}`);
  }
}

async function rowsOf(connection: Connection, text: string, params: unknown[]): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(text, params);
  return rows;
}

async function launch(port: number, dataDir: string, args: readonly string[]): Promise<ServerProcess> {
  return ServerProcess.spawn(serverProgram() ?? 'mariadbd', [
    ...SETTINGS,
    ...asRoot(),
    `--datadir=${dataDir}`,
    `--port=${port}`,
    `--socket=${join(dataDir, 'socket')}`,
    ...args,
  ]);
}

/** MariaDB refuses to run as root unless it is told so. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

function serverProgram(): string | undefined {
  return process.env['MARIADB_SERVER'] || find('mariadbd');
}

function find(program: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/** Made beside its place and moved there in one step, so that tests starting together never see half of it. */
function templateDir(): string {
  const [version] = /[\d.]+-MariaDB/.exec(execFileSync(serverProgram()!, ['--version'], { encoding: 'utf8' })) ?? [];
  const template = join(tmpdir(), `larder-mariadb-template-${version ?? 'unknown'}-${process.getuid?.() ?? ''}`);
  if (existsSync(template)) return template;
  const made = mkdtempSync(join(tmpdir(), 'larder-mariadb-install-'));
  const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=4M'];
  execFileSync(find('mariadb-install-db')!, ['--no-defaults', `--datadir=${made}`, ...asRoot(), ...options], {
    stdio: 'ignore',
  });
  try {
    renameSync(made, template);
  } catch {
    rmSync(made, { recursive: true, force: true });
  }
  return template;
}
