import { ConfirmedSubscription, type RedisClient, type RedisPool } from '../../../redis/library.js';
import type { AnnouncementSource } from '../../engine/ports/announcement-source.js';

/** Longer messages are not ours. */
const MAX_MESSAGE_CHARACTERS = 4 * 2 ** 20;

/**
 * Announcements over a subscriber of the cache's own: the library face. Reads the same wire format as Nest's Redis
 * transport: `{"pattern":…,"data":…}` on the channel named like the pattern, or the data alone.
 */
export class RedisAnnouncements implements AnnouncementSource {
  #client: RedisClient | undefined;
  #subscription: ConfirmedSubscription | undefined;
  #onSubscribed: () => void = () => undefined;

  constructor(private readonly pool: RedisPool) {}

  subscribe(channel: string, deliver: (message: unknown) => void): void {
    const client = this.pool.subscriber();
    client.on('message', (from: string, text: string) => {
      if (from === channel && text.length <= MAX_MESSAGE_CHARACTERS) deliver(dataOf(text));
    });
    this.#client = client;
    this.#subscription = new ConfirmedSubscription(
      client,
      [channel],
      () => this.#onSubscribed(),
      (error) => this.pool.monitor.recordDenial(error),
    );
  }

  onSubscribed(listener: () => void): void {
    this.#onSubscribed = listener;
  }

  async close(): Promise<void> {
    this.#subscription?.stop();
    this.#client?.disconnect();
  }
}

function dataOf(text: string): unknown {
  try {
    const message = JSON.parse(text) as { data?: unknown } | null;
    return Array.isArray(message) ? message : message?.data;
  } catch {
    return undefined;
  }
}
