import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { RedisServer } from './redis-server.js';
import { ServerProcess } from './server-process.js';

const MASTER_NAME = 'main';

/** One Sentinel process. */
interface Sentinel {
  readonly port: number;
  readonly process: ServerProcess;
}

/**
 * A master, two replicas and three Sentinels that agree by two votes that a master is gone after half a second.
 *
 * @example
 * const redis = await RedisSentinel.start();
 * const pool = createRedisPool(redis.source);
 */
export class RedisSentinel {
  private constructor(
    readonly servers: readonly RedisServer[],
    readonly sentinels: readonly Sentinel[],
    private readonly directory: string,
  ) {}

  static async start(): Promise<RedisSentinel> {
    const directory = await mkdtemp(join(tmpdir(), 'larder-sentinel-'));
    const master = await RedisServer.start();
    const args = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'];
    const replicas = await Promise.all([RedisServer.start({ args }), RedisServer.start({ args })]);
    const sentinels = await Promise.all(
      [1, 2, 3].map((n) => startSentinel(join(directory, `sentinel-${n}.conf`), master.port)),
    );
    const started = new RedisSentinel([master, ...replicas], sentinels, directory);
    await started.agreed();
    return started;
  }

  /** What `createRedisPool` takes. */
  get source(): { sentinels: { host: string; port: number }[]; name: string } {
    return { sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: MASTER_NAME };
  }

  /** The server the Sentinels call master now. */
  async master(): Promise<RedisServer> {
    const [, port] = (await this.ask('GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as [string, string];
    return this.servers.find((server) => server.port === Number(port))!;
  }

  /** Asks for a failover though the master is well; resolves when another is master. */
  async failover(): Promise<RedisServer> {
    const before = await this.master();
    await this.ask('FAILOVER', MASTER_NAME);
    return this.failedOver(before);
  }

  /** Resolves to the new master once the Sentinels have one and it writes. */
  async failedOver(before: RedisServer): Promise<RedisServer> {
    return eventually(
      async () => {
        const master = await this.master();
        if (master === before) throw new Error('No failover yet.');
        await master.command('SET', 'failed-over', '1');
        return master;
      },
      { intervalMs: 50 },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.sentinels.map(({ process }) => process.kill()));
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Every Sentinel knows both replicas and both others. */
  private async agreed(): Promise<void> {
    for (const { port } of this.sentinels) {
      await eventually(
        async () => {
          const facts = (await sentinelCommand(port, 'MASTER', MASTER_NAME)) as string[];
          const fact = (name: string) => facts[facts.indexOf(name) + 1];
          if (fact('num-slaves') !== '2' || fact('num-other-sentinels') !== '2')
            throw new Error(`Not agreed yet: ${facts.join(' ')}`);
        },
        { intervalMs: 50 },
      );
    }
  }

  private async ask(...command: [string, ...string[]]): Promise<unknown> {
    const { port } = this.sentinels.find(({ process }) => process.isRunning)!;
    return sentinelCommand(port, ...command);
  }
}

async function startSentinel(file: string, masterPort: number): Promise<Sentinel> {
  const port = await freePort();
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    'protected-mode no',
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 500`,
    `sentinel failover-timeout ${MASTER_NAME} 3000`,
  ];
  await writeFile(file, `${settings.join('\n')}\n`);
  return {
    port,
    process: await ServerProcess.spawn(process.env['REDIS_SERVER'] ?? 'redis-server', [file, '--sentinel']),
  };
}

async function sentinelCommand(port: number, ...command: string[]): Promise<unknown> {
  const client = new Redis({ port, retryStrategy: () => 20, disconnectTimeout: 50 });
  client.on('error', () => {});
  try {
    return await client.call('SENTINEL', ...command);
  } finally {
    client.disconnect();
  }
}
