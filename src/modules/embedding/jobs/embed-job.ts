import { Injectable } from '@nestjs/common';
import { EmbeddingService } from '../embedding.service.js';
import { DEFAULT_CONTROLS, type EmbeddingResult } from '../embedding.types.js';
import { LOCAL_TENANT } from '../tenants/local-tenant.js';
import { inGroups, type TextLine } from './text-lines.js';

/** Texts per request: one upstream batch of the Gemini API. */
const GROUP_SIZE = 100;

/** What a job is about. */
export interface EmbedJobOptions {
  readonly model?: string | undefined;
  readonly dimensions?: number | undefined;
  /** Leading texts to pass over: an earlier run has written them. Default 0. */
  readonly skip?: number;
}

/** How far a job is. */
export interface EmbedJobProgress {
  /** Texts done, those passed over among them. */
  readonly done: number;
  readonly skipped: number;
  readonly hits: number;
  readonly tokensBilled: number;
  readonly usdBilled: number;
  readonly usdSaved: number;
}

/** Embeds any number of texts, some at a time, each group cached and written before the next is asked for. */
@Injectable()
export class EmbedJob {
  constructor(private readonly embeddings: EmbeddingService) {}

  /** Yields after each group, once `write` has taken its lines. @throws EmbeddingError; what was written stays. */
  async *run(
    texts: AsyncIterable<TextLine>,
    write: (lines: string) => Promise<void>,
    { model, dimensions, skip = 0 }: EmbedJobOptions,
  ): AsyncGenerator<EmbedJobProgress, void> {
    let progress: EmbedJobProgress = { done: 0, skipped: 0, hits: 0, tokensBilled: 0, usdBilled: 0, usdSaved: 0 };
    for await (const group of inGroups(texts, GROUP_SIZE)) {
      const left = group.slice(Math.max(0, skip - progress.done));
      const result = left.length === 0 ? undefined : await this.embed(left, model, dimensions);
      if (result) await write(toLines(left, result));
      progress = advance(progress, group.length - left.length, result);
      yield progress;
    }
  }

  private embed(lines: readonly TextLine[], model?: string, dimensions?: number): Promise<EmbeddingResult> {
    const inputs = lines.map(({ text }) => ({ parts: [text] }));
    return this.embeddings.embed({ model, dimensions, inputs, controls: DEFAULT_CONTROLS, tenant: LOCAL_TENANT });
  }
}

function advance(before: EmbedJobProgress, skipped: number, result: EmbeddingResult | undefined): EmbedJobProgress {
  const embedded = result?.vectors.length ?? 0;
  return {
    done: before.done + skipped + embedded,
    skipped: before.skipped + skipped,
    hits: before.hits + embedded - (result?.evidence.misses ?? 0),
    tokensBilled: before.tokensBilled + (result?.evidence.tokensBilled ?? 0),
    usdBilled: before.usdBilled + (result?.evidence.usdBilled ?? 0),
    usdSaved: before.usdSaved + (result?.evidence.usdSaved ?? 0),
  };
}

function toLines(lines: readonly TextLine[], { model, vectors }: EmbeddingResult): string {
  return vectors
    .map(({ bytes }, index) => {
      const embedding = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      return `${JSON.stringify({ id: lines[index]?.id, model, embedding })}\n`;
    })
    .join('');
}
