import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a chunk: it passes; it and all after it in its direction are lost; the connection is reset instead. */
export type ChunkFate = 'pass' | 'lose' | 'cut';

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
  /** Asked for the fate of each chunk, with the number of its connection. Default: it passes. */
  fateOf: (chunk: Buffer, direction: 'request' | 'reply', connection: number) => ChunkFate;
}

/** A reply that the proxy keeps, with all that follows it on its connection. */
export interface HeldReply {
  /** Whether the reply has come from the server. */
  readonly hasArrived: boolean;
  /** Hands out what was kept, in order. */
  release(): void;
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
  readonly faults: ProxyFaults = {
    delayMs: 0,
    bytesPerSecond: Infinity,
    isBlackhole: false,
    areRepliesLost: false,
    fateOf: () => 'pass',
  };
  private readonly sockets = new Set<Socket>();
  private readonly clients = new Set<Socket>();
  private hold: { readonly text: string; readonly chunks: Map<Socket, Buffer[]> } | undefined;
  private accepted = 0;

  private constructor(
    private readonly server: Server,
    /** Where new connections lead; may change at any time. */
    public targetPort: number,
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

  /** Keeps the reply that contains a text until it is released. Other connections go on. */
  holdReply(text: string): HeldReply {
    const chunks = new Map<Socket, Buffer[]>();
    this.hold = { text, chunks };
    return {
      get hasArrived() {
        return chunks.size > 0;
      },
      release: () => {
        this.hold = undefined;
        for (const [client, held] of chunks) for (const chunk of held) client.write(chunk);
      },
    };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private bridge(client: Socket): void {
    const server = connect(this.targetPort, '127.0.0.1');
    const connection = ++this.accepted;
    this.clients.add(client);
    client.once('close', () => this.clients.delete(client));
    this.pipe(client, server, {
      isLost: () => this.faults.isBlackhole,
      fateOf: (chunk) => this.faults.fateOf(chunk, 'request', connection),
      transferMs: () => 0,
    });
    this.pipe(server, client, {
      isLost: () => this.faults.isBlackhole || this.faults.areRepliesLost,
      fateOf: (chunk) => this.faults.fateOf(chunk, 'reply', connection),
      transferMs: (bytes) => (bytes / this.faults.bytesPerSecond) * 1_000,
    });
  }

  private pipe(from: Socket, to: Socket, { isLost, fateOf, transferMs }: Direction): void {
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
      const fate = fateOf(chunk);
      if (fate !== 'pass') {
        hasHole = true;
        if (fate === 'cut') for (const socket of [from, to]) socket.resetAndDestroy();
        return;
      }
      const { delayMs } = this.faults;
      const nowMs = performance.now();
      freeAtMs = Math.max(freeAtMs, nowMs) + transferMs(chunk.length);
      leaveAtMs = Math.max(leaveAtMs, freeAtMs + (typeof delayMs === 'number' ? delayMs : delayMs()));
      held.push(chunk);
      setTimeout(() => this.deliver(to, held.shift()!), leaveAtMs - nowMs);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }

  private deliver(to: Socket, chunk: Buffer): void {
    const kept = this.hold?.chunks.get(to);
    if (kept) kept.push(chunk);
    else if (this.hold && this.clients.has(to) && chunk.includes(this.hold.text)) this.hold.chunks.set(to, [chunk]);
    else to.write(chunk);
  }
}

/** One direction of a connection. */
interface Direction {
  isLost(): boolean;
  fateOf(chunk: Buffer): ChunkFate;
  /** How long so many bytes take. */
  transferMs(bytes: number): number;
}
