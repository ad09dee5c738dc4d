import { parseArgs } from 'node:util';
import type { EmbedJobOptions } from '../jobs/embed-job.js';

/** The arguments of the command line. */
export interface EmbedArguments extends Pick<EmbedJobOptions, 'model' | 'dimensions'> {
  /** A file of texts; `-` is standard input. */
  readonly input: string;
  /** The file for the vectors; `-` is standard output. Default the input's name with `.embeddings.jsonl`. */
  readonly output: string;
}

export const USAGE = `Usage: npm run embed -- <texts.jsonl | -> [--output <file | ->] [--model <name>] [--dimensions <n>]

Reads texts ("text", {"text": …, "id": …}, or plain lines) and writes {"id", "model", "embedding"} a line, the embedding as
base64 of little-endian float32. Run it again after a failure: it continues where it stopped and pays for no text twice.`;

/** @throws TypeError for invalid arguments. */
export function readArguments(args: readonly string[]): EmbedArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { output: { type: 'string', short: 'o' }, model: { type: 'string' }, dimensions: { type: 'string' } },
  });
  const [input, ...rest] = positionals;
  if (input === undefined || rest.length > 0) throw new TypeError('Give exactly one file of texts.');
  if (values.dimensions !== undefined && !/^[1-9]\d{0,4}$/.test(values.dimensions))
    throw new TypeError('--dimensions takes a number.');
  const output =
    values.output ?? (input === '-' ? '-' : `${input.replace(/\.(jsonl|ndjson|txt)$/, '')}.embeddings.jsonl`);
  return {
    input,
    output,
    model: values.model,
    dimensions: values.dimensions === undefined ? undefined : Number(values.dimensions),
  };
}
