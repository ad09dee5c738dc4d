import { Injectable } from '@nestjs/common';
import { EmbeddingError } from '../embedding.error.js';
import { UsageTotals } from '../usage/usage-totals.js';
import { EmbeddingService } from '../embedding.service.js';
import { DEFAULT_CONTROLS, type TextVector, type EmbeddingResult } from '../embedding.types.js';
import { ModelCatalog } from '../models/model-catalog.js';
import { LOCAL_TENANT } from '../tenants/local-tenant.js';
import { inGroups, type TextLine } from './text-lines.js';

/** Texts per request: one upstream batch of the Gemini API. */
const GROUP_SIZE = 100;

/** One line of a job's output: a vector, or the error of a refused text. */
export interface EmbeddedLine {
  readonly id: string | number;
  readonly model?: string;
  /** Base64 of little-endian float32. */
  readonly embedding?: string;
  /** Why the text was refused. */
  readonly error?: string;
}

/** The output of an earlier run. */
export interface EarlierRun {
  readonly lines: number;
  readonly lastLine: EmbeddedLine;
}

/** Options of a job. */
export interface EmbedJobOptions {
  readonly model?: string | undefined;
  readonly dimensions?: number | undefined;
  /** An earlier run, whose texts are skipped. Default none. */
  readonly earlier?: EarlierRun | undefined;
}

/** Progress of a job. */
export interface EmbedJobProgress {
  /** Finished texts, skipped and refused ones included. */
  readonly done: number;
  readonly skipped: number;
  readonly refused: number;
  readonly hits: number;
  readonly tokensBilled: number;
  readonly usdBilled: number;
  readonly usdSaved: number;
}

/** The lines of a group, and their cost. */
interface EmbeddedGroup extends Pick<EmbedJobProgress, 'refused' | 'hits' | 'tokensBilled' | 'usdBilled' | 'usdSaved'> {
  readonly lines: readonly EmbeddedLine[];
}

const NO_PROGRESS: EmbedJobProgress = {
  done: 0,
  skipped: 0,
  refused: 0,
  hits: 0,
  tokensBilled: 0,
  usdBilled: 0,
  usdSaved: 0,
};

/** Embeds any number of texts in groups. Each group is cached and written before the next one is requested. */
@Injectable()
export class EmbedJob {
  constructor(
    private readonly embeddings: EmbeddingService,
    private readonly catalog: ModelCatalog,
    private readonly usageTotals: UsageTotals,
  ) {}

  /**
   * Yields after each group, when `write` has finished. A refused text becomes a line with the reason.
   *
   * @throws EmbeddingError; the lines written before stay. `invalid-input` when the earlier run had other texts or another
   *   model: vectors of two models in one file are useless.
   */
  async *run(
    texts: AsyncIterable<TextLine>,
    write: (lines: string) => Promise<void>,
    { model, dimensions, earlier }: EmbedJobOptions,
  ): AsyncGenerator<EmbedJobProgress, void> {
    const served = this.catalog.resolve(model).model;
    const width = this.catalog.dimensionsOf(served, dimensions);
    if (earlier) assertSameModel(earlier.lastLine, served.id, width);
    const skip = earlier?.lines ?? 0;
    let progress = NO_PROGRESS;
    for await (const group of inGroups(texts, GROUP_SIZE)) {
      const skippedHere = Math.min(group.length, Math.max(0, skip - progress.done));
      progress = skipTexts(progress, skippedHere);
      if (skippedHere > 0 && progress.done === skip) assertSameText(earlier!.lastLine, group[skippedHere - 1]!);
      const left = group.slice(skippedHere);
      if (left.length > 0) {
        const embedded = await this.embedGroup(left, served.id, width);
        await write(embedded.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
        progress = advance(progress, embedded);
      }
      yield progress;
    }
    if (progress.done < skip) throw differentJob(`it has ${skip} lines for ${progress.done} texts`);
  }

  /** A refused text is left out and the rest is requested again. The vectors computed before are cached by then. */
  private async embedGroup(lines: readonly TextLine[], model: string, dimensions: number): Promise<EmbeddedGroup> {
    const billed = () => ({ misses: 0, tokensBilled: 0, usdBilled: 0, ...this.usageTotals.byModel().get(model) });
    const before = billed();
    const refused = new Map<TextLine, string>();
    let left = lines;
    let result: EmbeddingResult | undefined;
    while (left.length > 0 && !result) {
      try {
        result = await this.embed(left, model, dimensions);
      } catch (error) {
        const refusedLine =
          error instanceof EmbeddingError && error.index !== undefined ? left[error.index] : undefined;
        if (!refusedLine) throw error;
        refused.set(refusedLine, (error as EmbeddingError).message);
        left = left.filter((line) => line !== refusedLine);
      }
    }
    const after = billed();
    const usdBilled = after.usdBilled - before.usdBilled;
    const { usdBilled: ofResult = 0, usdSaved: saved = 0 } = result?.usage ?? {};
    const vectors = new Map(left.map((line, index) => [line, result?.vectors[index]]));
    return {
      lines: lines.map((line) => toLine(line, model, vectors.get(line), refused.get(line))),
      refused: refused.size,
      hits: left.length - (after.misses - before.misses),
      tokensBilled: after.tokensBilled - before.tokensBilled,
      usdBilled,
      // Vectors computed before a text was refused came from the cache in the second request.
      usdSaved: saved - (usdBilled - ofResult),
    };
  }

  private embed(lines: readonly TextLine[], model: string, dimensions: number): Promise<EmbeddingResult> {
    const inputs = lines.map(({ text }) => ({ parts: [text] }));
    return this.embeddings.embed({ model, dimensions, inputs, controls: DEFAULT_CONTROLS, tenant: LOCAL_TENANT });
  }
}

function skipTexts(before: EmbedJobProgress, texts: number): EmbedJobProgress {
  return { ...before, done: before.done + texts, skipped: before.skipped + texts };
}

function advance(before: EmbedJobProgress, { lines, ...added }: EmbeddedGroup): EmbedJobProgress {
  return {
    done: before.done + lines.length,
    skipped: before.skipped,
    refused: before.refused + added.refused,
    hits: before.hits + added.hits,
    tokensBilled: before.tokensBilled + added.tokensBilled,
    usdBilled: before.usdBilled + added.usdBilled,
    usdSaved: before.usdSaved + added.usdSaved,
  };
}

function toLine(
  { id }: TextLine,
  model: string,
  vector: TextVector | undefined,
  error: string | undefined,
): EmbeddedLine {
  if (!vector) return { id, error };
  const { buffer, byteOffset, byteLength } = vector.bytes;
  return { id, model, embedding: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}

function assertSameModel({ model, embedding }: EmbeddedLine, wanted: string, dimensions: number): void {
  if (model === undefined || embedding === undefined) return;
  const width = Buffer.byteLength(embedding, 'base64') / 4;
  if (model !== wanted || width !== dimensions)
    throw differentJob(`its last line is of ${model} with ${width} dimensions, not of ${wanted} with ${dimensions}`);
}

function assertSameText({ id }: EmbeddedLine, text: TextLine): void {
  if (id !== text.id)
    throw differentJob(`its last line is ${JSON.stringify(id)}, and that text is ${JSON.stringify(text.id)}`);
}

function differentJob(difference: string): EmbeddingError {
  return new EmbeddingError(
    'invalid-input',
    `The output was written by another job: ${difference}. Name another output.`,
  );
}
