import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseUnavailableError } from '../../database.errors.js';

/** SQLITE_BUSY of a file that another connection has locked. */
const SQLITE_BUSY = 5;

/**
 * Keeps a second process (or a second application in this one) out of a data directory, which two writers would ruin.
 *
 * The lock is the operating system's, taken by SQLite on an empty file beside the directory. It is taken in one step, and
 * ends with the process that holds it however that ends; a number in a file does neither. The number is kept too, to name
 * the holder.
 */
export class DirectoryLock {
  private constructor(
    private readonly holder: DatabaseSync,
    private readonly noteFile: string,
  ) {}

  /** @throws DatabaseUnavailableError naming the process that has the directory. */
  static acquire(dir: string): DirectoryLock {
    const noteFile = `${resolve(dir)}.lock`;
    mkdirSync(dirname(noteFile), { recursive: true, mode: 0o700 });
    const holder = new DatabaseSync(`${noteFile}.db`, { timeout: 0 });
    try {
      // Without a journal on the disk, which may be full.
      holder.exec('pragma journal_mode = memory; begin exclusive');
    } catch (error) {
      holder.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw new DatabaseUnavailableError(
        `${nameOfHolder(noteFile)} uses ${dir}; set DATABASE_DIR to another, or DATABASE_URL to share one`,
      );
    }
    note(noteFile);
    return new DirectoryLock(holder, noteFile);
  }

  /** The file of the lock stays: removing it would let two take it, one by its old and one by its new file. */
  release(): void {
    rmSync(this.noteFile, { force: true });
    this.holder.close();
  }
}

/** On a full disk the holder has no name. */
function note(file: string): void {
  try {
    writeFileSync(file, String(process.pid), { mode: 0o600 });
  } catch {
    rmSync(file, { force: true });
  }
}

function nameOfHolder(file: string): string {
  try {
    return `process ${readFileSync(file, 'utf8').trim() || 'unknown'}`;
  } catch {
    return 'another process';
  }
}
