import type { Cluster, RedisOptions } from 'ioredis';
import type { NodeAddress } from '../redis.types.js';

/** The nodes of a Cluster, as configured and as its clients find them: any of them carries any channel. */
export class ClusterSeeds {
  private readonly found = new Map<string, NodeAddress>();
  private turn = 0;

  constructor(private readonly configured: readonly NodeAddress[]) {}

  /** Learns the nodes a client knows, finds and loses. */
  follow(cluster: Cluster): void {
    const add = ({ options }: NodeClient) =>
      this.found.set(nameOf(options), { host: options.host ?? '', port: options.port ?? 0 });
    cluster.nodes().forEach(add);
    cluster.on('+node', add);
    cluster.on('-node', ({ options }: NodeClient) => this.found.delete(nameOf(options)));
  }

  /** One after the other, so that whoever fails with one tries another. */
  next(): NodeAddress | undefined {
    const nodes = this.found.size > 0 ? [...this.found.values()] : this.configured;
    return nodes[this.turn++ % nodes.length];
  }
}

interface NodeClient {
  readonly options: RedisOptions;
}

const nameOf = ({ host, port }: RedisOptions) => `${host}:${port}`;
