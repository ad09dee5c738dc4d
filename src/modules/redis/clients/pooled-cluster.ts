import { Cluster, type ClusterOptions, type Command } from 'ioredis';
import type { NodeAddress } from '../redis.types.js';
import type { CommandMeter } from './command-meter.js';
import { pendingCommands } from './redis-client.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';

/** As `PooledRedisOptions`, for all nodes. */
export type PooledClusterOptions = ClusterOptions & { redisOptions: { replyMapping: 'legacy' } };

/** A Cluster client of the pool; as `PooledRedis`, over the connections to all nodes. */
export class PooledCluster extends Cluster {
  private isClosed = false;
  private sent = 0;
  private sentAtRefresh = -1;

  constructor(
    nodes: readonly NodeAddress[],
    options: PooledClusterOptions,
    private readonly meter: CommandMeter,
    private readonly maxPending: number,
  ) {
    super([...nodes], { ...options, lazyConnect: true });
  }

  override connect(): Promise<void> {
    return this.isClosed ? Promise.reject(new Error('Connection is closed.')) : super.connect();
  }

  override disconnect(reconnect = false): void {
    this.isClosed ||= !reconnect;
    super.disconnect(reconnect);
  }

  /** ioredis sets a timer for the next refresh when a refresh ends. After the client is closed that timer would never be cleared. */
  override refreshSlotsCache(callback?: Parameters<Cluster['refreshSlotsCache']>[0]): void {
    // The regular refresh of a client that has sent nothing since the last one: a moved slot is found by the next command.
    const isRegular = callback !== undefined && this.status === 'ready';
    if (isRegular && this.sent === this.sentAtRefresh && !this.isClosed) return callback();
    this.sentAtRefresh = this.sent;
    super.refreshSlotsCache(
      callback &&
        ((...result) => {
          if (!this.isClosed) callback(...result);
        }),
    );
  }

  /** Refreshes the slots also at rest. */
  refreshSlotsNow(callback: () => void): void {
    this.sentAtRefresh = -1;
    this.refreshSlotsCache(callback);
  }

  override sendCommand(command: Command, stream?: Parameters<Cluster['sendCommand']>[1], node?: unknown): unknown {
    if (pendingCommands(this) >= this.maxPending) {
      command.reject(new RedisQueueFullError(this.maxPending));
      return command.promise;
    }
    this.meter.record(command.name);
    this.sent++;
    return super.sendCommand(command, stream, node);
  }
}
