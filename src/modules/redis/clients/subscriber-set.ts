import type { Clock, TimerHandle } from '../../../common/clock.js';
import type { RedisClient } from '../redis.types.js';
import { connectNow } from './redis-client.js';

/**
 * The subscribers of a pool. A subscriber may receive nothing for hours and would not notice a lost connection, so each one
 * is pinged while the pool is used. After an unanswered ping ioredis replaces the connection and subscribes again.
 */
export class SubscriberSet {
  private readonly subscribers = new Set<RedisClient>();
  private timer: TimerHandle | undefined;
  private usesAtPing = -1;

  constructor(
    private readonly open: () => RedisClient,
    private readonly clock: Clock,
    private readonly pingIntervalMs: number,
    /** Counts the uses of the pool. */
    private readonly uses: () => number,
  ) {}

  create(): RedisClient {
    const subscriber = this.open();
    this.subscribers.add(subscriber);
    connectNow(subscriber);
    this.timer ??= this.schedulePing();
    return subscriber;
  }

  /** The subscribers that are not closed. */
  all(): readonly RedisClient[] {
    return [...this.subscribers].filter(({ status }) => status !== 'end');
  }

  /** Makes subscribers that wait for their next attempt connect now. */
  connect(): void {
    for (const subscriber of this.subscribers) connectNow(subscriber);
  }

  close(): void {
    this.timer?.cancel();
    for (const subscriber of this.subscribers) subscriber.disconnect();
  }

  private schedulePing(): TimerHandle {
    return this.clock.setTimer(() => {
      const uses = this.uses();
      const isResting = uses === this.usesAtPing;
      this.usesAtPing = uses;
      for (const subscriber of isResting ? [] : this.subscribers) {
        if (subscriber.status === 'ready') subscriber.ping().catch(() => {});
      }
      this.timer = this.schedulePing();
    }, this.pingIntervalMs);
  }
}
