import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseUnavailableError } from '../database.errors.js';

const heldHere = new Set<string>();

/** Keeps a second process (or a second application in this one) out of a data directory, which two writers would ruin. */
export class DirectoryLock {
  private constructor(private readonly path: string) {}

  /** @throws DatabaseUnavailableError naming the process that has the directory. */
  static acquire(dir: string): DirectoryLock {
    const path = `${resolve(dir)}.lock`;
    mkdirSync(dirname(path), { recursive: true });
    const holder = holderOf(path);
    if (holder !== undefined) {
      throw new DatabaseUnavailableError(
        `process ${holder} uses ${dir}; set DATABASE_DIR to another, or DATABASE_URL to share one`,
      );
    }
    rmSync(path, { force: true });
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    heldHere.add(path);
    return new DirectoryLock(path);
  }

  release(): void {
    heldHere.delete(this.path);
    rmSync(this.path, { force: true });
  }
}

/** A file left by a process that is gone holds nothing; in a container that may even have had our own id. */
function holderOf(path: string): number | undefined {
  const pid = Number(readIfThere(path));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (pid === process.pid) return heldHere.has(path) ? pid : undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
