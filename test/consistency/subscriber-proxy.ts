import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy in front of a Redis that can make its subscribers half-open: their connections stay up, and nothing that
 * the server sends arrives any more.
 */
export class SubscriberProxy {
  private readonly pairs = new Set<{ client: Socket; server: Socket; isSubscriber: boolean }>();
  private isDeaf = false;

  private constructor(
    private readonly listener: Server,
    private readonly targetPort: number,
  ) {
    listener.on('connection', (client) => this.connect(client));
  }

  static async start(targetPort: number): Promise<SubscriberProxy> {
    const listener = createServer();
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    return new SubscriberProxy(listener, targetPort);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** From now on subscribers hear nothing, and are not told. */
  deafen(): void {
    this.isDeaf = true;
  }

  /** Connections that missed something end; new ones are whole. */
  hear(): void {
    this.isDeaf = false;
    for (const { client, isSubscriber } of this.pairs) if (isSubscriber) client.destroy();
  }

  async close(): Promise<void> {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise((resolve) => this.listener.close(resolve));
  }

  private connect(client: Socket): void {
    const server = createConnection({ port: this.targetPort, host: '127.0.0.1' });
    const pair = { client, server, isSubscriber: false };
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (bytes) => {
      if (!pair.isSubscriber && /subscribe/i.test(bytes.toString('latin1', 0, 200))) pair.isSubscriber = true;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!(pair.isSubscriber && this.isDeaf)) client.write(bytes);
    });
  }
}
