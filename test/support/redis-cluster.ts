import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { RedisServer } from './redis-server.js';

const run = promisify(execFile);

/**
 * A Cluster of three masters with a replica each, whose nodes agree that one is gone after a second.
 *
 * @example
 * const redis = await RedisCluster.start();
 * const pool = createRedisPool(redis.source);
 */
export class RedisCluster {
  private constructor(readonly servers: readonly RedisServer[]) {}

  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: 6 }, startNode));
    const servers = nodes.map(({ server }) => server);
    const started = new RedisCluster(servers);
    await started.cli(
      '--cluster',
      'create',
      ...nodes.map(({ address }) => address),
      '--cluster-replicas',
      '1',
      '--cluster-yes',
    );
    await eventually(
      async () => {
        for (const server of servers) {
          const info = String(await server.command('CLUSTER', 'INFO'));
          if (!info.includes('cluster_state:ok') || !info.includes('cluster_known_nodes:6'))
            throw new Error(`Not agreed yet: ${info}`);
        }
        // A replica that never had its master's data is not promoted.
        const replication = await Promise.all(servers.map((server) => server.command('INFO', 'replication')));
        if (replication.filter((info) => String(info).includes('master_link_status:up')).length !== 3)
          throw new Error('Replicas are not in sync yet.');
      },
      { intervalMs: 100 },
    );
    return started;
  }

  /** What `createRedisPool` takes. */
  get source(): { cluster: { host: string; port: number }[] } {
    return { cluster: this.servers.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** The servers that are masters now, by their own word. */
  async masters(): Promise<RedisServer[]> {
    const running = this.servers.filter((server) => server.isRunning);
    const roles = await Promise.all(running.map(async (server) => ((await server.command('ROLE')) as [string])[0]));
    return running.filter((_, i) => roles[i] === 'master');
  }

  /** The server that holds a key's slot. */
  async ownerOf(key: string): Promise<RedisServer> {
    const masters = await this.masters();
    const slot = Number(await masters[0]!.command('CLUSTER', 'KEYSLOT', key));
    const ranges = (await masters[0]!.command('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const [, , [, port]] = ranges.find(([from, to]) => slot >= from && slot <= to)!;
    return this.servers.find((server) => server.port === port)!;
  }

  /** Moves slots from the first master to the second. */
  async reshard(slots: number): Promise<void> {
    const [from, to] = await this.masters();
    const ids = await Promise.all([from!, to!].map((server) => server.command('CLUSTER', 'MYID')));
    await this.cli(
      ...[
        '--cluster',
        'reshard',
        `127.0.0.1:${from!.port}`,
        '--cluster-from',
        String(ids[0]),
        '--cluster-to',
        String(ids[1]),
      ],
      ...['--cluster-slots', String(slots), '--cluster-yes'],
    );
  }

  /** Resolves once three masters serve all slots again. */
  async healed(): Promise<void> {
    await eventually(
      async () => {
        const masters = await this.masters();
        const infos = await Promise.all(masters.map((server) => server.command('CLUSTER', 'INFO')));
        if (masters.length !== 3 || !infos.every((info) => String(info).includes('cluster_state:ok')))
          throw new Error('Not healed yet.');
      },
      { intervalMs: 50 },
    );
  }

  /** Resolves once the others have a master in place of one that does not answer. */
  async promoted(silent: RedisServer): Promise<void> {
    const asked = this.servers.find((server) => server !== silent && server.isRunning)!;
    await eventually(
      async () => {
        const nodes = String(await asked.command('CLUSTER', 'NODES')).split('\n');
        const masters = nodes.filter(
          (node) => / (myself,)?master /.test(node) && / \d/.test(node.split('connected')[1] ?? ''),
        );
        if (masters.length !== 3 || masters.some((node) => node.includes(`:${silent.port}@`)))
          throw new Error('Nobody took over yet.');
      },
      { intervalMs: 50 },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async cli(...args: string[]): Promise<void> {
    await run(process.env['REDIS_CLI'] ?? 'redis-cli', args, { timeout: 60_000 });
  }
}

/** Its bus has a free port of its own: the usual one, the port plus 10,000, need not exist. */
async function startNode(): Promise<{ server: RedisServer; address: string }> {
  const busPort = await freePort();
  const server = await RedisServer.start({
    args: [
      ...[
        '--cluster-enabled',
        'yes',
        '--cluster-node-timeout',
        '1000',
        '--cluster-config-file',
        'nodes.conf',
        '--cluster-port',
        String(busPort),
      ],
      ...['--repl-diskless-sync-delay', '0'],
    ],
  });
  return { server, address: `127.0.0.1:${server.port}@${busPort}` };
}
