import { type Command, Redis, type RedisOptions } from 'ioredis';
import type { CommandMeter } from './command-meter.js';
import { retryDelayMs } from './retry-delay.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';

const REOPENING = { baseMs: 200, capMs: 200 };
/** What Redis, or a provider, says to a connection more than it takes, and then closes it. */
const TOO_MANY_CLIENTS = /max number of clients|max concurrent connections/i;
/** So long nobody tells it to connect sooner, ms. */
const REST_MS = 3_000;

/** Replies keep the shapes every Redis version and protocol can give. */
export type PooledRedisOptions = RedisOptions & {
  replyMapping: 'legacy';
  /** Longest pause between two tries while Redis has no room for more clients, ms. Default 15,000. */
  turnedAwayCapMs?: number;
};

/** A connection of the pool: counts its commands, refuses more than it may have in flight, and stays closed once closed. */
export class PooledRedis extends Redis {
  private isClosed = false;
  /** Its last try was answered with {@link TOO_MANY_CLIENTS}. */
  private wasTurnedAway = false;
  private turnedAwayAtMs = -Infinity;

  constructor(
    options: PooledRedisOptions,
    protected readonly meter: CommandMeter,
    protected readonly maxPending: number,
  ) {
    super({ ...options, lazyConnect: true });
    const { retryStrategy, turnedAwayCapMs: capMs = 15_000 } = options;
    // ioredis may call such a connection ready before it ends, and would begin its backoff anew each time.
    if (retryStrategy) {
      this.options.retryStrategy = (attempt) => {
        const { wasTurnedAway } = this;
        this.wasTurnedAway = false;
        return wasTurnedAway ? retryDelayMs(1, { baseMs: capMs, capMs }) : retryStrategy(attempt);
      };
    }
    // A failover told of while the Sentinels are being asked ends ioredis's attempt for good, as if it had been closed.
    this.on('end', () => {
      if (!this.isClosed) setTimeout(() => this.connect().catch(() => {}), retryDelayMs(1, REOPENING)).unref();
    });
  }

  /** Redis had no room for it a moment ago: nothing is gained by trying at once. */
  get isResting(): boolean {
    return performance.now() - this.turnedAwayAtMs < REST_MS;
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
    // Its handshake: the first reply tells whether there is room.
    if (this.status === 'connect') this.watchHandshake(command.promise);
    return super.sendCommand(command, stream);
  }

  private watchHandshake(reply: Promise<unknown>): void {
    reply.catch((error: unknown) => {
      if (!TOO_MANY_CLIENTS.test(String(error))) return;
      this.wasTurnedAway = true;
      this.turnedAwayAtMs = performance.now();
    });
  }
}
