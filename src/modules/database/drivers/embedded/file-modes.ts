import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes every right to a folder and all that is in it from other users. PGlite makes the files of a new database with mode 0644,
 * whatever the umask of the process is.
 */
export function closeToOthers(dir: string): void {
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    try {
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
    } catch (error) {
      // The database, which runs, has removed it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
