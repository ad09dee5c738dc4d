import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Bytes as an earlier version wrote them. They are what guards a wire format: once committed they never change, and a
 * new version of the format gets files of its own.
 *
 * With `GOLDEN=write` a file that does not exist yet is written from `current()`; one that exists is never touched.
 *
 * @throws when the file is missing and is not to be written.
 */
export function golden(path: string, current: () => Buffer): Buffer {
  if (!existsSync(path)) {
    if (process.env.GOLDEN !== 'write') throw new Error(`No golden file at ${path}; write it with GOLDEN=write`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, current());
  }
  return readFileSync(path);
}
