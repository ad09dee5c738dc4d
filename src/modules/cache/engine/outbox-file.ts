import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OutboxMode } from './outbox.js';
import type { SlotAddress } from './remote-tier.js';

/** What the outbox holds, as a file keeps it. */
export interface OutboxContents {
  readonly addresses: readonly SlotAddress[];
  readonly dependencies: readonly (readonly [id: string, mode: OutboxMode])[];
}

/**
 * The outbox on disk, one JSON line per change: a process that is killed with invalidations unsent leaves them to the
 * next one. Written synchronously, since what was reported as queued must be there; it happens only while Redis is away.
 */
export class OutboxFile {
  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
  }

  /** A last line that was cut off by the end of the process is left out. */
  read(): OutboxContents {
    const addresses: SlotAddress[] = [];
    const dependencies: (readonly [string, OutboxMode])[] = [];
    for (const line of this.#lines()) {
      try {
        const contents = JSON.parse(line) as OutboxContents;
        addresses.push(...contents.addresses);
        dependencies.push(...contents.dependencies);
      } catch {
        continue;
      }
    }
    return { addresses, dependencies };
  }

  append(contents: OutboxContents): void {
    appendFileSync(this.path, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
  }

  rewrite(contents: OutboxContents): void {
    if (contents.addresses.length + contents.dependencies.length === 0) {
      rmSync(this.path, { force: true });
      return;
    }
    writeFileSync(`${this.path}.new`, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }

  #lines(): string[] {
    try {
      return readFileSync(this.path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch {
      return [];
    }
  }
}
