import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';

/** Room for the two segments of its log that the database needs to start after it ran out of space. */
const RESERVE_BYTES = 32 * 2 ** 20;
const BLOCK = Buffer.alloc(2 ** 20);

/**
 * Space that is set aside beside the data: without it a database whose disk is full can't even be opened to read, since
 * it writes when it recovers.
 */
export class DiskReserve {
  private readonly path: string;

  constructor(private readonly dir: string) {
    this.path = `${dir}.reserve`;
  }

  /** Sets the space aside, unless it is. False when there is no room for it, or no more beside it. */
  hold(): boolean {
    if (this.isHeld()) return freeBytesOf(this.dir) > BLOCK.length;
    if (freeBytesOf(this.dir) <= RESERVE_BYTES + BLOCK.length) return false;
    try {
      this.write();
      return true;
    } catch {
      this.spend();
      return false;
    }
  }

  /** Gives the space to the database. */
  spend(): void {
    rmSync(this.path, { force: true });
  }

  private isHeld(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.size === RESERVE_BYTES;
  }

  private write(): void {
    const file = openSync(this.path, 'w', 0o600);
    try {
      for (let written = 0; written < RESERVE_BYTES; written += BLOCK.length) writeSync(file, BLOCK);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

/** None of a directory that is gone. */
function freeBytesOf(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
