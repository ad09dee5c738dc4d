import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does to what passes through it; may change at any time. */
export interface ProxyFaults {
  /** Every chunk is held back this long, in each direction; a function is asked for each. Their order stays. Default 0. */
  delayMs: number | (() => number);
  /** Bytes a second that each connection brings from the server. Default unlimited. */
  bytesPerSecond: number;
  /** Nothing passes, connections stay open: what a broken network looks like from both ends. Default false. */
  isBlackhole: boolean;
  /** As {@link isBlackhole}, for what the server says: what it is asked arrives, and is done. Default false. */
  areRepliesLost: boolean;
}

/**
 * A TCP proxy on a free loopback port that makes a network bad: slow, narrow, silent or cut. A connection that lost
 * something in one direction never carries anything in it again, since TCP leaves no hole in a stream.
 *
 * @example
 * const proxy = await TcpProxy.start(redis.port);
 * proxy.faults.delayMs = 80;
 */
export class TcpProxy {
  readonly faults: ProxyFaults = { delayMs: 0, bytesPerSecond: Infinity, isBlackhole: false, areRepliesLost: false };
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
    this.pipe(client, server, {
      isLost: () => this.faults.isBlackhole,
      transferMs: () => 0,
    });
    this.pipe(server, client, {
      isLost: () => this.faults.isBlackhole || this.faults.areRepliesLost,
      transferMs: (bytes) => (bytes / this.faults.bytesPerSecond) * 1_000,
    });
  }

  private pipe(from: Socket, to: Socket, { isLost, transferMs }: Direction): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    let hasHole = false;
    // Chunks leave in order: none before the one ahead of it has gone through, whichever timer comes first.
    const held: Buffer[] = [];
    let freeAtMs = 0;
    let leaveAtMs = 0;
    from.on('data', (chunk) => {
      hasHole ||= isLost();
      if (hasHole) return;
      const { delayMs } = this.faults;
      const nowMs = performance.now();
      freeAtMs = Math.max(freeAtMs, nowMs) + transferMs(chunk.length);
      leaveAtMs = Math.max(leaveAtMs, freeAtMs + (typeof delayMs === 'number' ? delayMs : delayMs()));
      held.push(chunk);
      setTimeout(() => to.write(held.shift()!), leaveAtMs - nowMs);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}

/** One direction of a connection. */
interface Direction {
  isLost(): boolean;
  /** How long so many bytes take. */
  transferMs(bytes: number): number;
}
