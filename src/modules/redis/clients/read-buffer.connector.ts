import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { SocketConnector } from './socket.connector.js';

/** As much as Node reads at once by itself. */
const BUFFER_BYTES = 64 * 1024;
/** One for all: what a read brought is looked at before the next read of any socket. */
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * Opens sockets that read into one buffer for ever, instead of one of 64 KiB for every read: there is nothing to collect,
 * and the memory stays in the processor's cache. A chunk they emit is good until its listeners return.
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
