import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { SocketConnector } from './socket.connector.js';

/** Node's own size of a read. */
const BUFFER_BYTES = 64 * 1024;
/** Shared by all sockets: the bytes of a read are processed before the next read of any socket. */
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * Opens sockets that always read into the same buffer instead of a new one of 64 KiB per read. That leaves no garbage, and
 * the memory stays in the processor's cache. An emitted chunk is valid only until its listeners return.
 */
export class ReadBufferConnector extends SocketConnector {
  protected override open(address: NetConnectOpts): Socket {
    const onread = {
      buffer,
      callback: (length: number): boolean => {
        socket.emit('data', buffer.subarray(0, length));
        return true;
      },
    };
    const socket: Socket = connect({ ...address, onread } as NetConnectOpts);
    return socket;
  }
}
