import type { RedisPool } from '../../../redis/index.js';
import type { RedisClient } from '../../../redis/redis.types.js';
import type { AnnouncementSource } from '../../engine/create-cache.options.js';

/** Longer messages are not ours. */
const MAX_MESSAGE_CHARACTERS = 4 * 2 ** 20;

/**
 * Announcements over a subscriber of the cache's own: the library face. Reads the same wire format as Nest's Redis
 * transport: `{"pattern":…,"data":…}` on the channel named like the pattern.
 */
export class RedisAnnouncements implements AnnouncementSource {
  #client: RedisClient | undefined;
  #onSubscribed: () => void = () => undefined;

  constructor(private readonly pool: RedisPool) {}

  async subscribe(channel: string, deliver: (message: unknown) => void): Promise<void> {
    const client = this.pool.subscriber();
    this.#client = client;
    client.on('message', (from: string, text: string) => {
      if (from === channel && text.length <= MAX_MESSAGE_CHARACTERS) deliver(dataOf(text));
    });
    // `ready` comes before the subscription is renewed; subscribing again is idempotent and its answer confirms it.
    client.on('ready', () => void this.#confirm(client, channel));
    await this.#confirm(client, channel);
  }

  onSubscribed(listener: () => void): void {
    this.#onSubscribed = listener;
  }

  async close(): Promise<void> {
    this.#client?.disconnect();
  }

  async #confirm(client: RedisClient, channel: string): Promise<void> {
    try {
      await client.subscribe(channel);
      this.#onSubscribed();
    } catch {
      // The next `ready` tries again; until then the heartbeat reads the log.
    }
  }
}

function dataOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { data?: unknown }).data;
  } catch {
    return undefined;
  }
}
