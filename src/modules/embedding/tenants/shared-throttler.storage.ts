import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { WindowCounter } from './window-counter.js';

/** Keeps the throttler's counts in Redis, so that a limit holds for all instances together. */
@Injectable()
export class SharedThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly counter: WindowCounter) {}

  async increment(key: string, ttl: number, limit: number): ReturnType<ThrottlerStorage['increment']> {
    const { count, resetMs } = await this.counter.add(key, 1, ttl);
    const resetSeconds = Math.ceil(resetMs / 1_000);
    const isBlocked = count > limit;
    return { totalHits: count, timeToExpire: resetSeconds, isBlocked, timeToBlockExpire: isBlocked ? resetSeconds : 0 };
  }
}
