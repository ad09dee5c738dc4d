import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

/** How a server is started. */
export interface RedisServerOptions {
  /** More arguments for `redis-server`, as `['--maxmemory', '1mb']`. Given again at every restart. */
  args?: readonly string[];
  /** For the default user. Default none. */
  password?: string;
  /** Serve TLS only, with these PEM files. */
  tls?: { certFile: string; keyFile: string; caFile: string };
}

/** What a restarted server begins with. */
export interface RestartOptions {
  /** Saves what the running server holds and loads it again. Default false: it comes back empty. */
  keepData?: boolean;
  /** Comes back with what {@link RedisServer.snapshot} saved. */
  snapshot?: string;
}

/**
 * A real `redis-server` on a free loopback port, in a temporary directory, without persistence. It dies with the test
 * process at the latest; a test that started one calls {@link stop}.
 *
 * @example
 * const redis = await RedisServer.start({ args: ['--maxmemory', '1mb'] });
 * afterAll(() => redis.stop());
 */
export class RedisServer {
  private readonly clients = new Set<Redis>();
  private snapshots = 0;

  private constructor(
    private process: ServerProcess,
    readonly port: number,
    readonly directory: string,
    private readonly options: RedisServerOptions,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'larder-redis-'));
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        const server = new RedisServer(await launch(port, directory, options), port, directory, options);
        await server.ready();
        return server;
      } catch (error) {
        // Someone else may have taken the port meanwhile.
        if (attempt === 3) {
          await rm(directory, { recursive: true, force: true });
          throw error;
        }
      }
    }
  }

  /** `redis://127.0.0.1:port`, or `rediss://localhost:port`, with the password. */
  get url(): string {
    const login = this.options.password ? `:${encodeURIComponent(this.options.password)}@` : '';
    return this.options.tls ? `rediss://${login}localhost:${this.port}` : `redis://${login}127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** A client of the test's own, reconnecting quickly; closed by {@link stop}. */
  client(options: RedisOptions = {}): Redis {
    const client = new Redis({
      host: this.options.tls ? 'localhost' : '127.0.0.1',
      port: this.port,
      ...(this.options.password ? { password: this.options.password } : {}),
      ...(this.options.tls ? { tls: { rejectUnauthorized: false } } : {}),
      retryStrategy: () => 20,
      disconnectTimeout: 50,
      ...options,
    });
    client.on('error', () => {});
    this.clients.add(client);
    return client;
  }

  /** Runs one command on a connection of its own and returns its reply. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const client = this.client();
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
      this.clients.delete(client);
    }
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.process.pause();
  }

  /** SIGCONT. */
  resume(): void {
    this.process.resume();
  }

  /** SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.process.kill();
  }

  /** Saves what it holds now; give the result to {@link restart}. */
  async snapshot(): Promise<string> {
    await this.command('SAVE');
    const file = join(this.directory, `snapshot-${++this.snapshots}.rdb`);
    await copyFile(this.dumpFile, file);
    return file;
  }

  /** Kills it if it runs and starts it on the same port; resolves when it answers. */
  async restart({ keepData = false, snapshot }: RestartOptions = {}): Promise<void> {
    if (keepData && this.isRunning) await this.command('SAVE');
    await this.kill();
    if (!keepData) await rm(this.dumpFile, { force: true });
    if (snapshot) await copyFile(snapshot, this.dumpFile);
    this.process = await launch(this.port, this.directory, this.options);
    await this.ready();
  }

  /** Kills it, closes the clients made by {@link client} and removes its directory. */
  async stop(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private get dumpFile(): string {
    return join(this.directory, 'dump.rdb');
  }

  private async ready(): Promise<void> {
    const client = this.client({ enableOfflineQueue: false, enableReadyCheck: false });
    try {
      await eventually(async () => {
        if (this.isRunning) await client.ping();
      });
    } finally {
      client.disconnect();
      this.clients.delete(client);
    }
    if (!this.isRunning) throw new Error(`redis-server did not start:\n${this.process.tail}`);
  }
}

async function launch(port: number, directory: string, options: RedisServerOptions): Promise<ServerProcess> {
  const { args = [], password, tls } = options;
  return ServerProcess.spawn(
    process.env['REDIS_SERVER'] ?? 'redis-server',
    [
      ...(tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]),
      ...(tls
        ? [
            '--tls-cert-file',
            tls.certFile,
            '--tls-key-file',
            tls.keyFile,
            '--tls-ca-cert-file',
            tls.caFile,
            '--tls-auth-clients',
            'no',
          ]
        : []),
      ...['--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'],
      ...(password ? ['--requirepass', password] : []),
      ...args,
    ],
    { cwd: directory },
  );
}
