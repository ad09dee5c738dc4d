import type { Cluster, Redis } from 'ioredis';
import type { Connections } from '../monitor/connections.js';
import type { RedisClient, RedisLane } from '../redis.types.js';
import { PooledCluster } from './pooled-cluster.js';
import { connectNow, isCluster, pendingCommands } from './redis-client.js';

/** The pool's data clients by lane. A lane's clients are interchangeable. */
export class DataLanes implements Connections {
  private readonly clients: readonly RedisClient[];

  constructor(private readonly lanes: Readonly<Record<RedisLane, readonly RedisClient[]>>) {
    this.clients = [...new Set([...lanes.fast, ...lanes.bulk])];
  }

  /** The connected client with the fewest commands in flight; any client when none is connected. */
  pick(lane: RedisLane): RedisClient {
    const clients = this.lanes[lane];
    let best = clients[0]!;
    if (clients.length === 1) return best;
    let fewest = Infinity;
    for (const client of clients) {
      if (client.status !== 'ready') continue;
      const pending = pendingCommands(client);
      if (pending < fewest) [best, fewest] = [client, pending];
    }
    return best;
  }

  get isConnected(): boolean {
    return this.lanes.fast.some(isReady) && this.lanes.bulk.some(isReady);
  }

  connect(): void {
    for (const client of this.clients) connectNow(client);
  }

  async verify(): Promise<void> {
    await Promise.all(
      this.clients
        .filter(isReady)
        .map((client) => (isCluster(client) ? refreshSlots(client) : reconnectIfUnresponsive(client))),
    );
    if (!this.isConnected) throw new Error('Data connections do not answer.');
  }

  onChange(listener: () => void): () => void {
    const events = ['ready', 'close', '+node', '-node'] as const;
    for (const client of this.clients) for (const event of events) client.on(event, listener);
    return () => {
      for (const client of this.clients) for (const event of events) client.off(event, listener);
    };
  }

  /** Every client once, with its lane. */
  describe(): { lane: RedisLane; client: RedisClient }[] {
    return this.clients.map((client) => ({ client, lane: this.lanes.fast.includes(client) ? 'fast' : 'bulk' }));
  }
}

const isReady = (client: RedisClient) => client.status === 'ready';

/** A half-open connection looks connected until a command gets no reply. */
async function reconnectIfUnresponsive(client: Redis): Promise<void> {
  try {
    await client.ping();
  } catch {
    client.disconnect(true);
  }
}

/** Otherwise the client would notice a failover only by its next failures or at its next regular refresh. */
function refreshSlots(client: Cluster): Promise<void> {
  return new Promise((resolve) => {
    if (client instanceof PooledCluster) client.refreshSlotsNow(() => resolve());
    else client.refreshSlotsCache(() => resolve());
  });
}
