import type { Cluster, RedisOptions } from 'ioredis';
import type { NodeAddress } from '../redis.types.js';

/** The nodes of a Cluster, configured or discovered by its clients. Every node carries every channel. */
export class ClusterSeeds {
  private readonly discovered = new Map<string, NodeAddress>();
  private nextIndex = 0;

  constructor(private readonly configured: readonly NodeAddress[]) {}

  /** Follows the nodes that a client knows, discovers and loses. */
  follow(cluster: Cluster): void {
    const add = ({ options }: NodeClient) =>
      this.discovered.set(nameOf(options), { host: options.host ?? '', port: options.port ?? 0 });
    cluster.nodes().forEach(add);
    cluster.on('+node', add);
    cluster.on('-node', ({ options }: NodeClient) => this.discovered.delete(nameOf(options)));
  }

  /** The next node in turn, so that a client that fails with one node tries another. */
  next(): NodeAddress | undefined {
    const nodes = this.discovered.size > 0 ? [...this.discovered.values()] : this.configured;
    return nodes[this.nextIndex++ % nodes.length];
  }
}

interface NodeClient {
  readonly options: RedisOptions;
}

const nameOf = ({ host, port }: RedisOptions) => `${host}:${port}`;
