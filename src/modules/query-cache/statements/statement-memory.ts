import { createHash } from 'node:crypto';
import type { Statement } from './statement.js';

/** Bytes of an entry beside its characters. */
const ENTRY_BYTES = 400;
/** Longer texts are remembered by their digest. */
const MAX_PLAIN_LENGTH = 1_024;

/** Parsed statements by their text: those used last, bounded in bytes. */
export class StatementMemory {
  private readonly entries = new Map<string, Statement>();
  private usedBytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes taken by texts and names, as {@link maxBytes} bounds them. */
  get sizeBytes(): number {
    return this.usedBytes;
  }

  /** Remembered, or made by `parse` and remembered. */
  getOrParse(text: string, parse: (text: string) => Statement): Statement {
    const key = keyOf(text);
    const known = this.entries.get(key);
    if (known) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    const statement = parse(text);
    this.add(key, statement);
    return statement;
  }

  private add(key: string, statement: Statement): void {
    this.entries.set(key, statement);
    this.usedBytes += bytesOf(key, statement);
    while (this.usedBytes > this.maxBytes) {
      const [oldest] = this.entries as Iterable<[string, Statement]>;
      if (!oldest) return;
      this.entries.delete(oldest[0]);
      this.usedBytes -= bytesOf(...oldest);
    }
  }
}

function keyOf(text: string): string {
  return text.length <= MAX_PLAIN_LENGTH ? text : `#${createHash('sha256').update(text).digest('base64')}`;
}

function bytesOf(key: string, { reads = [], writes, functions }: Statement): number {
  const names = [...reads, ...(typeof writes === 'string' ? [] : writes), ...functions];
  return ENTRY_BYTES + 2 * key.length + names.reduce((sum, name) => sum + 2 * name.length + 16, 0);
}
