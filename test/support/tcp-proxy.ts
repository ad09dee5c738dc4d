import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does to what passes through it; may change at any time. */
export interface ProxyFaults {
  /** Every chunk is held back this long, in each direction. Default 0. */
  delayMs: number;
  /** Bytes a second that each connection brings from the server. Default unlimited. */
  bytesPerSecond: number;
  /** Nothing passes, connections stay open: what a broken network looks like from both ends. Default false. */
  isBlackhole: boolean;
}

/**
 * A TCP proxy on a free loopback port that makes a network bad: slow, narrow, silent or cut.
 *
 * @example
 * const proxy = await TcpProxy.start(redis.port);
 * proxy.faults.delayMs = 80;
 */
export class TcpProxy {
  readonly faults: ProxyFaults = { delayMs: 0, bytesPerSecond: Infinity, isBlackhole: false };
  private readonly sockets = new Set<Socket>();
  private readonly clients = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.bridge(client));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `redis://127.0.0.1:port`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** Resets every connection. New ones are accepted. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Says something to every client that the server did not say. */
  say(text: string): void {
    for (const client of this.clients) client.write(text);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private bridge(client: Socket): void {
    const server = connect(this.targetPort, '127.0.0.1');
    this.clients.add(client);
    client.once('close', () => this.clients.delete(client));
    this.pipe(client, server, () => 0);
    this.pipe(server, client, (bytes) => (bytes / this.faults.bytesPerSecond) * 1_000);
  }

  private pipe(from: Socket, to: Socket, transferMs: (bytes: number) => number): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    // Chunks leave in order: none before the one ahead of it has gone through.
    let freeAtMs = 0;
    from.on('data', (chunk) => {
      if (this.faults.isBlackhole) return;
      const nowMs = performance.now();
      freeAtMs = Math.max(freeAtMs, nowMs) + transferMs(chunk.length);
      setTimeout(() => to.write(chunk), freeAtMs - nowMs + this.faults.delayMs);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
