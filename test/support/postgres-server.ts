import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  'max_connections=60',
  'unix_socket_directories=',
];

/**
 * A real PostgreSQL of the test's own on a free loopback port, from installed binaries: `PG_BIN_DIR`, the newest
 * `/usr/lib/postgresql/<version>/bin`, or the PATH. PostgreSQL refuses to run as root, so a test that does starts it
 * as `nobody`. What `initdb` makes is kept in the temporary directory and copied from then on.
 *
 * @example
 * const postgres = await PostgresServer.start();
 * afterAll(() => postgres.stop());
 */
export class PostgresServer {
  private databases = 0;

  private constructor(
    private process: ServerProcess,
    readonly port: number,
    private readonly dataDir: string,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings more of them, as `['ssl=on']`. */
  static start(settings: readonly string[] = []): Promise<PostgresServer> {
    return PostgresServer.startIn(copyOfTemplate(), settings);
  }

  /** A hot standby that follows this server. */
  startReplica(): Promise<PostgresServer> {
    const dataDir = newDir('larder-pg-replica-');
    const from = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'larder'];
    runUnprivileged(binary('pg_basebackup'), ...from, '-D', dataDir, '-R', '-X', 'stream', '--checkpoint=fast');
    return PostgresServer.startIn(dataDir, this.settings);
  }

  private static async startIn(dataDir: string, settings: readonly string[]): Promise<PostgresServer> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const server = new PostgresServer(await launch(port, dataDir, settings), port, dataDir, settings);
      try {
        await server.ready();
        return server;
      } catch (error) {
        // Someone else may have taken the port meanwhile.
        if (attempt === 3) {
          rmSync(dataDir, { recursive: true, force: true });
          throw error;
        }
      }
    }
  }

  /** Of the database `postgres`. */
  get url(): string {
    return this.urlOf('postgres');
  }

  get pid(): number {
    return this.process.pid;
  }

  /** A new, empty database on this server; gives its url. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.databases}`;
    await this.query(`create database ${name}`);
    return this.urlOf(name);
  }

  /** Runs one statement on a connection of its own. */
  async query<Row extends pg.QueryResultRow>(text: string, params: unknown[] = [], url = this.url): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Row>(text, params)).rows;
    } finally {
      await client.end();
    }
  }

  /** Freezes the postmaster: new connections hang, open ones go on. */
  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  /** Ends it as a crash would: open transactions are lost, committed ones are recovered by {@link restart}. */
  async crash(): Promise<void> {
    await this.end('SIGQUIT');
  }

  async restart(): Promise<void> {
    await this.end('SIGINT');
    this.process = await launch(this.port, this.dataDir, this.settings);
    await this.ready();
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.end('SIGQUIT');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private urlOf(database: string): string {
    return `postgres://larder@127.0.0.1:${this.port}/${database}`;
  }

  private async ready(): Promise<void> {
    await eventually(
      async () => {
        if (this.process.isRunning) await this.query('select 1');
      },
      { intervalMs: 25 },
    );
    if (!this.process.isRunning) throw new Error(`PostgreSQL did not start:\n${this.process.tail}`);
  }

  /** Not by SIGKILL, after which PostgreSQL's shared memory stays behind. */
  private async end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    if (!this.process.isRunning) return;
    this.process.resume();
    process.kill(this.pid, signal);
    await eventually(() => {
      if (this.process.isRunning) throw new Error('PostgreSQL is still running');
    });
  }
}

async function launch(port: number, dataDir: string, more: readonly string[]): Promise<ServerProcess> {
  const settings = [...SETTINGS, ...more, 'listen_addresses=127.0.0.1', `port=${port}`].flatMap((setting) => [
    '-c',
    setting,
  ]);
  const [program, ...args] = [...unprivileged('--pdeathsig', 'INT'), binary('postgres'), '-D', dataDir, ...settings];
  return ServerProcess.spawn(program!, args);
}

const isRoot = process.getuid?.() === 0;

/** Puts a command under the user `nobody`, when this process is root. */
export function unprivileged(...options: string[]): string[] {
  return isRoot ? ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', ...options] : [];
}

function runUnprivileged(...command: string[]): void {
  const [program, ...args] = [...unprivileged(), ...command];
  execFileSync(program!, args, { cwd: tmpdir(), stdio: 'ignore' });
}

function binary(name: string): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [process.env['PG_BIN_DIR'], ...versions.map((version) => join(debian, version, 'bin'))];
  const found = folders.find((folder) => folder !== undefined && existsSync(join(folder, name)));
  return found ? join(found, name) : name;
}

function copyOfTemplate(): string {
  const template = templateDir();
  const dataDir = newDir('larder-pg-');
  runUnprivileged('cp', '-a', `${template}/.`, dataDir);
  return dataDir;
}

/** Made beside its place and moved there in one step, so that tests starting together never see half of it. */
function templateDir(): string {
  const [version] = /[\d.]+/.exec(execFileSync(binary('postgres'), ['--version'], { encoding: 'utf8' })) ?? ['unknown'];
  const template = join(tmpdir(), `larder-pg-template-${version}-${process.getuid?.() ?? ''}`);
  if (existsSync(template)) return template;
  const made = newDir('larder-pg-initdb-');
  runUnprivileged(
    binary('initdb'),
    '-D',
    made,
    '--username=larder',
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  );
  try {
    renameSync(made, template);
  } catch {
    rmSync(made, { recursive: true, force: true });
  }
  return template;
}

export function newDir(prefix: string): string {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  if (isRoot) execFileSync('chown', ['nobody:nogroup', dir]);
  return dir;
}
