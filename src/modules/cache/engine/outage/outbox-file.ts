import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { OutboxMode } from './outbox.js';
import { isMark, isOwnerAlive, markOfThisProcess, releaseMark } from './process-owner.js';

/** Appended items that are always worth less than writing the file anew. */
const MIN_APPENDED = 1_000;

/** What the outbox holds, as a file keeps it: memory keys, since where they lie in Redis is for the next process to say. */
export interface OutboxContents {
  readonly keys: readonly string[];
  readonly dependencies: readonly (readonly [id: string, mode: OutboxMode])[];
}

const NOTHING: OutboxContents = { keys: [], dependencies: [] };

/**
 * The outbox on disk, one JSON line per change: a process that is killed with invalidations unsent leaves them to the
 * next one. Written synchronously, since what was reported as queued must be there; it happens only while Redis is away.
 *
 * Every process (and every cache in it) writes a file of its own, `<path>.<namespace>.<mark of the process>`, so any number
 * may be given the same path. One that starts takes over the files whose owners are dead. Were an owner alive after all,
 * nothing would be lost: it still has in memory what was taken, and what it adds makes a new file.
 */
export class OutboxFile {
  readonly #mark = markOfThisProcess();
  readonly #directory: string;
  readonly #name: string;
  readonly #prefix: string;
  /** Marks of files that were taken over, until what they say is in this one. */
  #adopted: string[] = [];
  /** Items appended since the file was written anew. */
  #appended = 0;

  /** @throws the file system's error when the directory can't be made. */
  constructor(path: string, namespace: string) {
    this.#directory = dirname(resolve(path));
    this.#name = basename(path);
    this.#prefix = `${this.#name}.${namespace}.`;
    mkdirSync(this.#directory, { recursive: true });
  }

  /** This process's own. */
  get path(): string {
    return this.#pathOf(this.#mark);
  }

  /**
   * What others left behind. `undefined`: a line can't be read, so what waited is unknown. A last line that was cut off by
   * the end of the process was never reported as queued, and is left out. The files go with the next {@link rewrite}.
   */
  adopt(): OutboxContents | undefined {
    const left = this.#orphans().map((name) => this.#take(name));
    if (left.includes(undefined)) return undefined;
    return {
      keys: left.flatMap((contents) => contents!.keys),
      dependencies: left.flatMap((contents) => contents!.dependencies),
    };
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
    if (contents.keys.length + contents.dependencies.length === 0) rmSync(this.path, { force: true });
    else {
      writeFileSync(`${this.path}.new`, `${JSON.stringify(contents)}\n`, { mode: 0o600 });
      renameSync(`${this.path}.new`, this.path);
    }
    for (const mark of this.#adopted) {
      rmSync(this.#pathOf(mark), { force: true });
      releaseMark(mark);
    }
    this.#adopted = [];
  }

  /** Whoever starts next takes over what is left. */
  close(): void {
    for (const mark of [this.#mark, ...this.#adopted]) releaseMark(mark);
  }

  /** Names of files of the dead, and of one without an owner: somebody put it there. */
  #orphans(): string[] {
    return readdirSync(this.#directory).filter((name) => {
      if (name === this.#name) return true;
      const mark = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '';
      return isMark(mark) && !isOwnerAlive(mark);
    });
  }

  /** Nothing when another process was faster; `undefined` when it can't be read. */
  #take(name: string): OutboxContents | undefined {
    const mark = markOfThisProcess();
    try {
      renameSync(join(this.#directory, name), this.#pathOf(mark));
      this.#adopted.push(mark);
      return parseAll(readFileSync(this.#pathOf(mark), 'utf8'));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? NOTHING : undefined;
    }
  }

  #pathOf(mark: string): string {
    return join(this.#directory, this.#prefix + mark);
  }
}

function parseAll(text: string): OutboxContents | undefined {
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

function parse(line: string): OutboxContents | undefined {
  if (line === '') return NOTHING;
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
