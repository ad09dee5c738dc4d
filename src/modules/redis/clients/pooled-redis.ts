import { type Command, Redis, type RedisOptions } from 'ioredis';
import type { CommandMeter } from './command-meter.js';
import { retryDelayMs } from './retry-delay.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';

/** Commands that ioredis sends by itself after a reconnect. */
const SUBSCRIPTIONS = new Set(['subscribe', 'psubscribe', 'ssubscribe']);
const REOPENING = { baseMs: 200, capMs: 200 };
/** Error of Redis, or of a provider, for a connection above its limit, which it then closes. */
const TOO_MANY_CLIENTS = /max number of clients|max concurrent connections/i;
/** For this time after a rejection a connection is not asked to connect early, ms. */
const REJECTION_BACKOFF_MS = 3_000;

/** Options of a pooled connection. Replies have the form that every Redis version and protocol can give. */
export type PooledRedisOptions = RedisOptions & {
  replyMapping: 'legacy';
  /** Longest pause between two attempts while Redis accepts no more clients, ms. Default 15,000. */
  rejectedRetryCapMs?: number;
};

/** A connection of the pool. It counts its commands, refuses commands above its limit, and stays closed after it was closed. */
export class PooledRedis extends Redis {
  private isClosed = false;
  /** Whether its last attempt failed with {@link TOO_MANY_CLIENTS}. */
  private wasRejected = false;
  private rejectedAtMs = -Infinity;

  constructor(
    options: PooledRedisOptions,
    protected readonly meter: CommandMeter,
    protected readonly maxPending: number,
  ) {
    super({ ...options, lazyConnect: true });
    const { retryStrategy, rejectedRetryCapMs: capMs = 15_000 } = options;
    // ioredis may consider such a connection ready before it ends, and would then start its back-off again each time.
    if (retryStrategy) {
      this.options.retryStrategy = (attempt) => {
        if (this.isClosed) return null;
        const { wasRejected } = this;
        this.wasRejected = false;
        return wasRejected ? retryDelayMs(1, { baseMs: capMs, capMs }) : retryStrategy(attempt);
      };
    }
    // A failover that is reported while ioredis asks the Sentinels ends its attempts for good, as if it had been closed.
    this.on('end', () => {
      if (!this.isClosed) setTimeout(() => this.connect().catch(() => {}), retryDelayMs(1, REOPENING)).unref();
    });
  }

  /** Whether Redis rejected it lately for its number of clients, so that an immediate attempt is useless. */
  get isBackingOff(): boolean {
    return performance.now() - this.rejectedAtMs < REJECTION_BACKOFF_MS;
  }

  override connect(): Promise<void> {
    if (this.isClosed) return Promise.reject(new Error('Connection is closed.'));
    this.cancelRetry();
    return super.connect();
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
    // The handshake: its first reply shows whether Redis accepts this client.
    if (this.status === 'connect') this.watchHandshake(command);
    // ioredis subscribes again after a reconnect, and leaves the rejection unhandled when the connection is lost once more. A
    // caller that subscribes itself still gets its own rejection.
    if (SUBSCRIPTIONS.has(command.name)) command.promise.catch(() => {});
    return super.sendCommand(command, stream);
  }

  /** An early connect takes the place of the retry that ioredis has scheduled. ioredis forgets its timer when it sets another. */
  private cancelRetry(): void {
    const internals = this as unknown as { reconnectTimeout: NodeJS.Timeout | null };
    if (internals.reconnectTimeout !== null) clearTimeout(internals.reconnectTimeout);
    internals.reconnectTimeout = null;
  }

  /** Ends the handshake, so that the connection never becomes ready, and tries again later. */
  private breakOff(error: unknown): void {
    this.emit('error', error);
    (this as unknown as { setStatus(status: string): void }).setStatus('disconnecting');
    super.disconnect(true);
  }

  private watchHandshake({ name, promise }: Command): void {
    promise.catch((error: unknown) => {
      // ioredis would go on with database 0.
      if (name === 'select') return this.breakOff(error);
      if (!TOO_MANY_CLIENTS.test(String(error))) return;
      this.wasRejected = true;
      this.rejectedAtMs = performance.now();
    });
  }
}
