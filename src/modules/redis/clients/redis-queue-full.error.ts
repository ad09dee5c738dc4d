/** A connection has as many commands in flight as it may; this one was not sent. */
export class RedisQueueFullError extends Error {
  constructor(maxPending: number) {
    super(`Redis connection has ${maxPending} commands in flight already.`);
    this.name = 'RedisQueueFullError';
  }
}
