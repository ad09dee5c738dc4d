import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OutboxMode } from './outbox.js';

/** Appended items that are always worth less than writing the file anew. */
const MIN_APPENDED = 1_000;

/** What the outbox holds, as a file keeps it: memory keys, since where they lie in Redis is for the next process to say. */
export interface OutboxContents {
  readonly keys: readonly string[];
  readonly dependencies: readonly (readonly [id: string, mode: OutboxMode])[];
}

/**
 * The outbox on disk, one JSON line per change: a process that is killed with invalidations unsent leaves them to the
 * next one. Written synchronously, since what was reported as queued must be there; it happens only while Redis is away.
 */
export class OutboxFile {
  /** Items appended since the file was written anew. */
  #appended = 0;

  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
  }

  /**
   * `undefined`: a line can't be read, so what waited is unknown. A last line that was cut off by the end of the process
   * was never reported as queued, and is left out.
   */
  read(): OutboxContents | undefined {
    const keys: string[] = [];
    const dependencies: (readonly [string, OutboxMode])[] = [];
    const lines = this.#lines();
    const cutOff = lines.pop() ?? '';
    for (const line of [...lines, cutOff]) {
      const contents = parse(line);
      if (contents === undefined && line !== cutOff) return undefined;
      keys.push(...(contents?.keys ?? []));
      dependencies.push(...(contents?.dependencies ?? []));
    }
    return { keys, dependencies };
  }

  append(contents: OutboxContents): void {
    appendFileSync(this.path, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
    this.#appended += contents.keys.length + contents.dependencies.length;
  }

  /** Whether the file repeats itself so much, for an outbox of `size` items, that it should be written anew. */
  isWorthCompacting(size: number): boolean {
    return this.#appended > Math.max(MIN_APPENDED, 2 * size);
  }

  rewrite(contents: OutboxContents): void {
    this.#appended = 0;
    if (contents.keys.length + contents.dependencies.length === 0) {
      rmSync(this.path, { force: true });
      return;
    }
    writeFileSync(`${this.path}.new`, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }

  #lines(): string[] {
    try {
      return readFileSync(this.path, 'utf8').split('\n');
    } catch {
      return [];
    }
  }
}

function parse(line: string): OutboxContents | undefined {
  if (line === '') return { keys: [], dependencies: [] };
  try {
    const { keys, dependencies } = JSON.parse(line) as OutboxContents;
    const isOurs =
      keys.every((key) => typeof key === 'string' && key !== '') &&
      dependencies.every(([id, mode]) => typeof id === 'string' && (mode === 'hard' || mode === 'soft'));
    return isOurs ? { keys, dependencies } : undefined;
  } catch {
    return undefined;
  }
}
