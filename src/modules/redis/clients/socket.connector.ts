import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

/**
 * Opens sockets as ioredis does by itself, but listens to their errors for ever.
 *
 * A TLS socket that Node has destroyed for one error (an untrusted certificate) may emit another (the server's alert).
 * ioredis 6.0.0 listens once, so the second would end the process.
 */
export class SocketConnector extends AbstractConnector {
  constructor(private readonly options: RedisOptions) {
    super(options.disconnectTimeout ?? 0);
  }

  async connect(): Promise<Socket> {
    this.connecting = true;
    // Whoever disconnects in the tick in which they connected gets no socket at all.
    await Promise.resolve();
    if (!this.connecting) throw new Error('Connection is closed.');
    const { tls, path } = this.options;
    const address = path ? { path } : this.address();
    const socket = tls ? connectTls({ ...address, ...tls }) : this.open(address);
    socket.on('error', (error) => (this.firstError ??= error));
    this.firstError = undefined;
    return (this.stream = socket);
  }

  protected open(address: NetConnectOpts): Socket {
    return connectTcp(address);
  }

  /** Where to connect now. */
  protected address(): { host: string; port: number; family?: number } {
    const { host = 'localhost', port = 6_379, family } = this.options;
    return { host, port, ...(family === undefined ? {} : { family }) };
  }
}
