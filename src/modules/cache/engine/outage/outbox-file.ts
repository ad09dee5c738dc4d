import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { OutboxMode } from './outbox.js';
import { isOwnerId, isOwnerAlive, newOwnerId, releaseOwnerId } from './process-owner.js';

/** The file is not written anew for fewer appended items than this. */
const MIN_APPENDED = 1_000;

/** The content of an outbox as a file keeps it: memory keys, since the next process computes their place in Redis itself. */
export interface OutboxSnapshot {
  readonly keys: readonly string[];
  readonly dependencies: readonly (readonly [id: string, mode: OutboxMode])[];
}

const EMPTY_SNAPSHOT: OutboxSnapshot = { keys: [], dependencies: [] };

/**
 * The outbox on disk, one JSON line per change: a process that is killed with unsent invalidations leaves them to the next
 * process. Written synchronously, since an invalidation that was reported as queued must be on disk; this happens only while
 * Redis is away.
 *
 * Every process (and every cache in it) writes a file of its own, `<path>.<namespace>.<owner id>`, so any number of processes
 * may be given the same path. A process that starts takes over the files of dead owners. If an owner were alive after all,
 * nothing would be lost: the owner still has its invalidations in memory, and the next one it adds makes a new file.
 */
export class OutboxFile {
  readonly #ownerId = newOwnerId();
  readonly #directory: string;
  readonly #name: string;
  readonly #prefix: string;
  /** Owner ids of files that were taken over, until their content is in this file. */
  #adopted: string[] = [];
  /** Items appended since the file was last written as a whole. */
  #appended = 0;

  /** @throws the file system's error when the directory can't be made. */
  constructor(path: string, namespace: string) {
    this.#directory = dirname(resolve(path));
    this.#name = basename(path);
    this.#prefix = `${this.#name}.${namespace}.`;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** The file of this process. */
  get path(): string {
    return this.#pathOf(this.#ownerId);
  }

  /**
   * Takes over the files of dead processes and returns their content. `undefined`: a line is unreadable, so the waiting
   * invalidations are unknown. A last line that the end of the process cut off was never reported as queued, and is left
   * out. The next {@link rewrite} deletes the files.
   */
  adopt(): OutboxSnapshot | undefined {
    const left = this.#orphans().map((name) => this.#take(name));
    if (left.includes(undefined)) return undefined;
    return {
      keys: left.flatMap((contents) => contents!.keys),
      dependencies: left.flatMap((contents) => contents!.dependencies),
    };
  }

  append(contents: OutboxSnapshot): void {
    appendFileSync(this.path, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
    this.#appended += contents.keys.length + contents.dependencies.length;
  }

  /** Whether so many lines repeat items, for an outbox of `size` items, that the file should be written as a whole. */
  isWorthCompacting(size: number): boolean {
    return this.#appended > Math.max(MIN_APPENDED, 2 * size);
  }

  rewrite(contents: OutboxSnapshot): void {
    this.#appended = 0;
    if (contents.keys.length + contents.dependencies.length === 0) rmSync(this.path, { force: true });
    else {
      writeFileSync(`${this.path}.new`, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
      renameSync(`${this.path}.new`, this.path);
    }
    for (const ownerId of this.#adopted) {
      rmSync(this.#pathOf(ownerId), { force: true });
      releaseOwnerId(ownerId);
    }
    this.#adopted = [];
  }

  /** The next process that starts takes over the rest. */
  close(): void {
    for (const ownerId of [this.#ownerId, ...this.#adopted]) releaseOwnerId(ownerId);
  }

  /** Names of files of dead owners, and of a file without an owner id, which an operator put there. */
  #orphans(): string[] {
    return readdirSync(this.#directory).filter((name) => {
      if (name === this.#name) return true;
      const ownerId = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '';
      return isOwnerId(ownerId) && !isOwnerAlive(ownerId);
    });
  }

  /** Empty if another process took the file first; `undefined` if a line is unreadable. */
  #take(name: string): OutboxSnapshot | undefined {
    const ownerId = newOwnerId();
    try {
      renameSync(join(this.#directory, name), this.#pathOf(ownerId));
      this.#adopted.push(ownerId);
      return parseAll(readFileSync(this.#pathOf(ownerId), 'utf8'));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? EMPTY_SNAPSHOT : undefined;
    }
  }

  #pathOf(ownerId: string): string {
    return join(this.#directory, this.#prefix + ownerId);
  }
}

function parseAll(text: string): OutboxSnapshot | undefined {
  const keys: string[] = [];
  const dependencies: (readonly [string, OutboxMode])[] = [];
  const lines = text.split('\n');
  const cutOff = lines.pop() ?? '';
  for (const line of [...lines, cutOff]) {
    const contents = parse(line);
    if (contents === undefined && line !== cutOff) return undefined;
    for (const key of contents?.keys ?? []) keys.push(key);
    for (const dependency of contents?.dependencies ?? []) dependencies.push(dependency);
  }
  return { keys, dependencies };
}

function parse(line: string): OutboxSnapshot | undefined {
  if (line === '') return EMPTY_SNAPSHOT;
  try {
    const { keys, dependencies } = JSON.parse(line) as OutboxSnapshot;
    const isOurs =
      keys.every((key) => typeof key === 'string' && key !== '') &&
      dependencies.every(([id, mode]) => typeof id === 'string' && (mode === 'hard' || mode === 'soft'));
    return isOurs ? { keys, dependencies } : undefined;
  } catch {
    return undefined;
  }
}
