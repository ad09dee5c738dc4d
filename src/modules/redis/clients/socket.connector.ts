import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

/**
 * Opens sockets as ioredis's own connector does, but never stops listening to their errors.
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
    // A client that disconnects in the tick in which it connected gets no socket.
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

  /** The address to connect to. */
  protected address(): { host: string; port: number; family?: number } {
    const { host = 'localhost', port = 6_379, family } = this.options;
    return { host, port, ...(family === undefined ? {} : { family }) };
  }
}
