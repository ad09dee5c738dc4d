import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { KEYS } from './world.js';

const VERSION_BYTES = 8;

/**
 * The versions of all keys, in a file that every process reads: a read costs microseconds and waits for no other process. One
 * process writes.
 */
export class SourceOfTruth {
  private readonly file: number;

  private constructor(path: string, flags: string) {
    this.file = openSync(path, flags);
  }

  /** Every key begins at version 1. */
  static create(path: string): SourceOfTruth {
    const source = new SourceOfTruth(path, 'w+');
    for (const { index } of KEYS) source.write(index, 1);
    return source;
  }

  static open(path: string): SourceOfTruth {
    return new SourceOfTruth(path, 'r');
  }

  read(key: number): number {
    const bytes = Buffer.allocUnsafe(VERSION_BYTES);
    readSync(this.file, bytes, 0, VERSION_BYTES, key * VERSION_BYTES);
    return bytes.readDoubleLE(0);
  }

  /** The key's next version. */
  advance(key: number): number {
    const version = this.read(key) + 1;
    this.write(key, version);
    return version;
  }

  close(): void {
    closeSync(this.file);
  }

  private write(key: number, version: number): void {
    const bytes = Buffer.allocUnsafe(VERSION_BYTES);
    bytes.writeDoubleLE(version);
    writeSync(this.file, bytes, 0, VERSION_BYTES, key * VERSION_BYTES);
  }
}
