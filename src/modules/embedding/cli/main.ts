#!/usr/bin/env node
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { ConfigError } from '../../../common/config/define-config.js';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { EmbeddingError } from '../embedding.error.js';
import { type EarlierRun, EmbedJob, type EmbeddedLine } from '../jobs/embed-job.js';
import { readTextLines } from '../jobs/text-lines.js';
import { type EmbedArguments, readArguments, USAGE } from './arguments.js';
import { EmbedCliModule } from './embed-cli.module.js';
import { OutputFile } from './output-file.js';
import { progressLine } from './progress-line.js';

/** How long a job waits for Redis, whose vectors cost nothing. After that it runs without Redis. */
const REDIS_WAIT_MS = 3_000;

const toStandardOutput = {
  linesBefore: 0,
  lastLine: '',
  write: (lines: string) => new Promise<void>((resolve) => void process.stdout.write(lines, () => resolve())),
  close: async () => {},
};

async function embed({ input, output, model, dimensions }: EmbedArguments): Promise<void> {
  if (input !== '-') await access(input);
  const app = await NestFactory.createApplicationContext(EmbedCliModule.forRoot(process.env), {
    logger: ['error', 'warn'],
  });
  // The timers that wait for a quota don't keep the process alive.
  const alive = setInterval(() => {}, 60_000);
  const target = output === '-' ? toStandardOutput : await OutputFile.open(output);
  try {
    await app.get<RedisPool | null>(REDIS_POOL)?.monitor.waitUntilUp(REDIS_WAIT_MS);
    const total = input === '-' ? undefined : await count(input);
    const texts = readTextLines(input === '-' ? process.stdin : createReadStream(input));
    const startedMs = performance.now();
    const options = { model, dimensions, earlier: earlierRun(target) };
    let refused = 0;
    for await (const progress of app.get(EmbedJob).run(texts, target.write.bind(target), options)) {
      report(progressLine(progress, total, performance.now() - startedMs));
      ({ refused } = progress);
    }
    if (refused > 0) {
      report(`${refused} texts were refused. Their lines in the output give the reasons.\n`);
      process.exitCode = 1;
    }
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\n');
    await target.close();
    clearInterval(alive);
    await app.close();
  }
}

/** @throws SyntaxError when the file has another content. */
function earlierRun({ linesBefore, lastLine }: Pick<OutputFile, 'linesBefore' | 'lastLine'>): EarlierRun | undefined {
  if (linesBefore === 0) return undefined;
  try {
    const { id, ...rest } = JSON.parse(lastLine) as EmbeddedLine;
    if (id !== undefined) return { lines: linesBefore, lastLine: { id, ...rest } };
  } catch {
    // Reported below.
  }
  throw new SyntaxError('The output file exists and was not written by this command. Choose another output.');
}

async function count(file: string): Promise<number> {
  let total = 0;
  for await (const _line of readTextLines(createReadStream(file))) total += 1;
  return total;
}

/** On a terminal it replaces the last line, elsewhere it adds a line. */
function report(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

/** The arguments; `undefined` when they are invalid, after a message. */
function argumentsOrUsage(): EmbedArguments | undefined {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

/** Whether the user can correct the cause of an error. Any other error is a defect and is printed with its stack. */
function isExpected(error: unknown): error is Error {
  const isOfFiles = error instanceof Error && 'syscall' in error;
  return isOfFiles || error instanceof EmbeddingError || error instanceof ConfigError || error instanceof SyntaxError;
}

try {
  const options = argumentsOrUsage();
  if (options) await embed(options);
  else process.exitCode = 1;
} catch (error) {
  console.error(isExpected(error) ? error.message : error);
  process.exitCode = 1;
}
