import type { Connections } from '../monitor/connections.js';
import type { RedisClient, RedisLane } from '../redis.types.js';
import { connectNow, pendingCommands } from './redis-client.js';

/** The pool's data clients by lane. A lane's clients are interchangeable. */
export class DataLanes implements Connections {
  private readonly clients: readonly RedisClient[];

  constructor(private readonly lanes: Readonly<Record<RedisLane, readonly RedisClient[]>>) {
    this.clients = [...new Set([...lanes.fast, ...lanes.bulk])];
  }

  /** The connected client with the fewest commands in flight; any, when none is connected. */
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
    const broken = await Promise.all(this.clients.filter(isReady).map(isDeaf));
    for (const client of broken) client?.disconnect(true);
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

/** The client, when it does not answer. A connection half of which is gone looks connected until then. */
async function isDeaf(client: RedisClient): Promise<RedisClient | undefined> {
  try {
    await client.ping();
    return undefined;
  } catch {
    return client;
  }
}
