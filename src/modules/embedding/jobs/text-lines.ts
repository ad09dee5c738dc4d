import type { Readable } from 'node:stream';
import { z } from 'zod';
import { readLines } from '../../../common/read-lines.js';

/** One text of a file. */
export interface TextLine {
  /** The line's `id`, or its number, counted from 1. */
  readonly id: string | number;
  readonly text: string;
}

/** Far above what any model reads. */
const MAX_LINE_BYTES = 16 * 2 ** 20;

const lineSchema = z.union([
  z.string().transform((text) => ({ text, id: undefined })),
  z.object({ text: z.string(), id: z.union([z.string(), z.number()]).optional() }),
]);

/**
 * The texts of a file: JSONL (`"text"` or `{"text": …, "id": …}`), or plain lines. Empty lines are skipped.
 *
 * @throws SyntaxError for a line that begins as JSON but contains no text, naming its number; LineTooLongError above 16 MiB.
 */
export async function* readTextLines(input: Readable): AsyncGenerator<TextLine, void> {
  let number = 0;
  for await (const line of readLines(input, MAX_LINE_BYTES)) {
    number += 1;
    if (line.trim() === '') continue;
    const { text, id = number } = /^\s*["{]/.test(line) ? parseJsonLine(line, number) : { text: line };
    yield { id, text };
  }
}

/** Groups of up to `size`, the last one smaller. */
export async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function parseJsonLine(line: string, number: number): z.output<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    throw new SyntaxError(`Line ${number} is neither a text nor an object with a "text".`);
  }
}
