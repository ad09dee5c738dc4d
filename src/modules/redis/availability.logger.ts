import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { availabilityMessage, denialMessage } from './redis.messages.js';
import { REDIS_POOL } from './redis.tokens.js';
import type { RedisPool } from './redis.types.js';

/** Writes each change of Redis's availability to the log, with its reason and a remedy. */
@Injectable()
export class AvailabilityLogger implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Redis');
  private detach = () => {};

  constructor(@Inject(REDIS_POOL) private readonly pool: RedisPool | null) {}

  onModuleInit(): void {
    if (!this.pool) return;
    const stopDenials = this.pool.monitor.onDenied((denial) => this.logger.error(denialMessage(denial)));
    const stopChanges = this.pool.monitor.onChange((change) => {
      if (change.to === 'up') this.logger.log(availabilityMessage(change));
      else this.logger.warn(availabilityMessage(change));
    });
    this.detach = () => {
      stopDenials();
      stopChanges();
    };
  }

  onModuleDestroy(): void {
    this.detach();
  }
}
