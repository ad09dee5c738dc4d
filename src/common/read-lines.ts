import type { Readable } from 'node:stream';

/** A line is longer than it may be. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';

  /** @param line number of the line, counted from 1. */
  constructor(
    readonly line: number,
    readonly maxBytes: number,
  ) {
    super(`Line ${line} is longer than ${maxBytes} bytes.`);
  }
}

const NEWLINE = 0x0a;

/**
 * The lines of UTF-8 bytes, without their ends (`\n` or `\r\n`). Unlike `node:readline` it keeps no more than one line in memory:
 * a line without an end would otherwise end the process. The stream is not destroyed when the reader stops early, so that a
 * server can still answer on the connection of a request.
 *
 * @param maxBytes longest line.
 * @throws LineTooLongError as soon as a line is longer, before it has arrived whole.
 */
export async function* readLines(input: Readable, maxBytes: number): AsyncGenerator<string, void> {
  let line = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const keep = (part: Buffer) => {
    length += part.length;
    if (length > maxBytes) throw new LineTooLongError(line, maxBytes);
    parts.push(part);
  };
  const take = () => {
    const text = Buffer.concat(parts).toString('utf8');
    [parts, length, line] = [[], 0, line + 1];
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  };
  for await (const chunk of input.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string);
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      keep(bytes.subarray(at, end));
      yield take();
      at = end + 1;
    }
    if (at < bytes.length) keep(bytes.subarray(at));
  }
  if (length > 0) yield take();
}
