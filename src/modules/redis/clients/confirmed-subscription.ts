import type { RedisClient } from '../redis.types.js';

/**
 * Keeps a subscriber subscribed, and calls back each time the server has confirmed the subscription. ioredis emits `ready`
 * before it has renewed subscriptions, so messages sent in between are missed unnoticed. From the server's answer to
 * SUBSCRIBE on none is missed. Subscribing again is idempotent.
 */
export class ConfirmedSubscription {
  readonly #onReady = (): void => void this.#confirm();

  constructor(
    private readonly client: RedisClient,
    private readonly channels: readonly string[],
    private readonly onConfirmed: () => void,
    /** Called with the error of an attempt that failed: the connection was lost, or the channel is not permitted. */
    private readonly onRefused: (error: unknown) => void = () => undefined,
  ) {
    client.on('ready', this.#onReady);
    void this.#confirm();
  }

  stop(): void {
    this.client.off('ready', this.#onReady);
  }

  async #confirm(): Promise<void> {
    try {
      await this.client.subscribe(...this.channels);
      this.onConfirmed();
    } catch (error) {
      this.onRefused(error);
      // The connection was lost again. The next `ready` starts a new attempt.
    }
  }
}
