import { type Command, Redis, type RedisOptions } from 'ioredis';
import type { CommandMeter } from './command-meter.js';
import { retryDelayMs } from './retry-delay.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';

const REOPENING = { baseMs: 200, capMs: 200 };

/** Replies keep the shapes every Redis version and protocol can give. */
export type PooledRedisOptions = RedisOptions & { replyMapping: 'legacy' };

/** A connection of the pool: counts its commands, refuses more than it may have in flight, and stays closed once closed. */
export class PooledRedis extends Redis {
  private isClosed = false;

  constructor(
    options: PooledRedisOptions,
    protected readonly meter: CommandMeter,
    protected readonly maxPending: number,
  ) {
    super({ ...options, lazyConnect: true });
    // A failover told of while the Sentinels are being asked ends ioredis's attempt for good, as if it had been closed.
    this.on('end', () => {
      if (!this.isClosed) setTimeout(() => this.connect().catch(() => {}), retryDelayMs(1, REOPENING)).unref();
    });
  }

  override connect(): Promise<void> {
    // A retry ioredis scheduled before an early reconnect still fires; it must not open a closed client again.
    return this.isClosed ? Promise.reject(new Error('Connection is closed.')) : super.connect();
  }

  override disconnect(reconnect = false): void {
    this.isClosed ||= !reconnect;
    super.disconnect(reconnect);
  }

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    if (this.commandQueue.length >= this.maxPending) {
      command.reject(new RedisQueueFullError(this.maxPending));
      return command.promise;
    }
    this.meter.record(command.name);
    return super.sendCommand(command, stream);
  }
}
