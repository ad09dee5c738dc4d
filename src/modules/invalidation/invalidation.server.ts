import { RedisContext, ServerRedis } from '@nestjs/microservices';
import { ConfirmedSubscription, type RedisClient, type RedisPool } from '../redis/index.js';

/**
 * Nest's Redis transport on a subscriber of the pool. Nest's own server opens its connections from host and port only, gives
 * up when the first attempt fails (its handlers are then never bound), and does not reconnect by default. This server
 * follows the pool's topology, starts without Redis, and always reconnects.
 */
export class InvalidationServer extends ServerRedis {
  #client: RedisClient | undefined;
  #subscription: ConfirmedSubscription | undefined;

  constructor(
    private readonly pool: RedisPool,
    /** Called whenever Redis has confirmed the subscription. Messages sent before may have been missed. */
    private readonly onSubscribed: () => void,
  ) {
    super({});
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    const client = this.pool.subscriber();
    this.#client = client;
    this.subClient = client;
    // Announcements are events without replies, so no second connection is needed.
    this.pubClient = client;
    this.bindEvents(client);
    callback();
  }

  override bindEvents(client: RedisClient): void {
    client.on('message', this.getMessageHandler(client));
    this.#subscription = new ConfirmedSubscription(
      client,
      [...this.messageHandlers.keys()],
      this.onSubscribed,
      (error) => this.pool.monitor.recordDenial(error),
    );
  }

  /** Every message is an event. Nest would answer a message that has an `id`, which any publisher can give it. */
  override async handleMessage(channel: string, text: string, _publisher: unknown, pattern: string): Promise<void> {
    const packet = await this.deserializer.deserialize(this.parseMessage(text), { channel });
    await this.handleEvent(channel, packet, new RedisContext([pattern]));
  }

  override async close(): Promise<void> {
    this.isManuallyClosed = true;
    this.#subscription?.stop();
    this.#client?.disconnect();
  }
}
