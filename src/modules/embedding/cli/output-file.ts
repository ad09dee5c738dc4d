import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';

const NEWLINE = 0x0a;

/** A file of lines that one run may begin and a later run continues. */
export class OutputFile {
  private constructor(
    private readonly file: FileHandle,
    /** Number of complete lines before this run. */
    readonly linesBefore: number,
    /** The last of these lines; `''` without lines. */
    readonly lastLine: string,
  ) {}

  /** Opens it for appending. A line that was cut off in the middle is removed. */
  static async open(path: string): Promise<OutputFile> {
    const { lines, lastLineAt, wholeBytes } = await measure(path);
    if (wholeBytes !== undefined) await truncate(path, wholeBytes);
    const file = await open(path, 'a+');
    const lastLine = Buffer.alloc((wholeBytes ?? 0) - lastLineAt);
    await file.read(lastLine, 0, lastLine.length, lastLineAt);
    return new OutputFile(file, lines, lastLine.toString().trimEnd());
  }

  /** Resolves when the operating system has the lines. */
  async write(lines: string): Promise<void> {
    await this.file.appendFile(lines);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Number of complete lines, start of the last one, and their bytes; no bytes without a file. */
async function measure(path: string): Promise<{ lines: number; lastLineAt: number; wholeBytes?: number }> {
  const size = await stat(path).then(
    ({ size: bytes }) => bytes,
    () => undefined,
  );
  if (size === undefined) return { lines: 0, lastLineAt: 0 };
  let [lines, lastLineAt, wholeBytes, readBytes] = [0, 0, 0, 0];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
      lines += 1;
      lastLineAt = wholeBytes;
      wholeBytes = readBytes + at + 1;
    }
    readBytes += chunk.length;
  }
  return { lines, lastLineAt, wholeBytes };
}
