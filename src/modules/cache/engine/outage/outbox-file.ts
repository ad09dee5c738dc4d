import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { OutboxMode } from './outbox.js';
import { isOwnerId, isOwnerAlive, newOwnerId, releaseOwnerId } from './process-owner.js';

/** The file is not written anew for fewer appended items than this. */
const MIN_APPENDED = 1_000;

/** Ends the name of a file that is being written. */
const UNFINISHED = '.new';

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
 *
 * On a full disk the file is emptied, which takes no room: an empty file stands for invalidations that are unknown.
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
  /** The file is empty because the disk was full: the next change writes it as a whole. */
  #isIncomplete = false;

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
   * Takes over the files of dead processes and returns their content. `undefined`: a file is empty or a line is unreadable, so
   * the waiting invalidations are unknown. A last line that the end of the process cut off was never reported as queued, and is left
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

  /**
   * Adds items to the file, or writes it as a whole where so many of its lines repeat items that this is worth it.
   *
   * @param size of the whole outbox, in items.
   * @param all the whole outbox.
   * @throws the file system's error when the disk is full. The file then stands for unknown invalidations.
   */
  add(contents: OutboxSnapshot, size: number, all: () => OutboxSnapshot): void {
    if (this.#isIncomplete || this.#appended > Math.max(MIN_APPENDED, 2 * size)) return this.replaceBy(all());
    try {
      appendFileSync(this.path, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
      this.#appended += contents.keys.length + contents.dependencies.length;
    } catch (error) {
      this.#empty();
      throw error;
    }
  }

  /** As {@link rewrite}, for contents that the file does not hold yet: on a full disk it stands for unknown invalidations. */
  replaceBy(contents: OutboxSnapshot): void {
    try {
      this.rewrite(contents);
    } catch (error) {
      this.#empty();
      throw error;
    }
  }

  /** Writes the file as a whole, and deletes it if there is nothing to keep. On a full disk it stays as it is. */
  rewrite(contents: OutboxSnapshot): void {
    if (contents.keys.length + contents.dependencies.length === 0) rmSync(this.path, { force: true });
    else this.#write(`${JSON.stringify(contents)}\n`);
    this.#appended = 0;
    this.#isIncomplete = false;
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

  #write(text: string): void {
    const path = this.path + UNFINISHED;
    try {
      writeFileSync(path, text, { mode: 0o600 });
      renameSync(path, this.path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  /** A file system without room for data has room for an empty file, as a rule. */
  #empty(): void {
    this.#isIncomplete = true;
    try {
      writeFileSync(this.path, '', { mode: 0o600 });
    } catch {
      // The caller throws the error that led here.
    }
  }

  /**
   * Names of files of dead owners, and of a file without an owner id, which an operator put there. Removes what dead owners have
   * left unfinished.
   */
  #orphans(): string[] {
    return readdirSync(this.#directory).filter((name) => {
      if (name === this.#name) return true;
      const rest = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '';
      const isUnfinished = rest.endsWith(UNFINISHED);
      const ownerId = isUnfinished ? rest.slice(0, -UNFINISHED.length) : rest;
      if (!isOwnerId(ownerId) || isOwnerAlive(ownerId)) return false;
      if (isUnfinished) rmSync(join(this.#directory, name), { force: true });
      return !isUnfinished;
    });
  }

  /** Empty if another process took the file first; `undefined` if a line is unreadable. */
  #take(name: string): OutboxSnapshot | undefined {
    const ownerId = newOwnerId();
    try {
      renameSync(join(this.#directory, name), this.#pathOf(ownerId));
      this.#adopted.push(ownerId);
      const text = readFileSync(this.#pathOf(ownerId), 'utf8');
      return text === '' ? undefined : parseAll(text);
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
