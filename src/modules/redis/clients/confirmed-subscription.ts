import type { RedisClient } from '../redis.types.js';

/**
 * Keeps a subscriber subscribed and tells each time the server confirmed it. ioredis says `ready` before it has renewed
 * subscriptions, so what is sent in between is missed without anyone knowing; the server's answer to SUBSCRIBE is the
 * moment from which nothing is missed, and subscribing again is idempotent.
 */
export class ConfirmedSubscription {
  readonly #onReady = (): void => void this.#confirm();

  constructor(
    private readonly client: RedisClient,
    private readonly channels: readonly string[],
    private readonly onConfirmed: () => void,
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
    } catch {
      // The connection is gone again; the next `ready` tries again.
    }
  }
}
