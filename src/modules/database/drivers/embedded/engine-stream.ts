import { Duplex } from 'node:stream';

/** The embedded database as node-postgres sees a server: as a socket. */
export class EngineStream extends Duplex {
  /** @param send receives the bytes of the client. */
  constructor(private readonly send: (bytes: Buffer) => void) {
    super({ allowHalfOpen: false });
  }

  connect(): void {
    process.nextTick(() => this.emit('connect'));
  }

  /** Bytes from the database. */
  receive(bytes: Uint8Array): void {
    if (!this.destroyed) this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  ref(): void {}
  unref(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.send(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.send(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _final(done: () => void): void {
    done();
    this.destroy();
  }
}
