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
      const done = progress.done + group.length;
      progress = { ...progress, done, skipped: Math.min(done, skip) };
      if (left.length > 0) {
        const inputs = left.map(({ text }) => ({ parts: [text] }));
        const result = await this.embeddings.embed({
          model,
          dimensions,
          inputs,
          controls: DEFAULT_CONTROLS,
          tenant: LOCAL_TENANT,
        });
        await write(toLines(left, result));
        progress = add(progress, result);
      }
      yield progress;
    }
  }
}

function add(progress: EmbedJobProgress, { evidence, vectors }: EmbeddingResult): EmbedJobProgress {
  return {
    ...progress,
    hits: progress.hits + vectors.length - evidence.misses,
    tokensBilled: progress.tokensBilled + evidence.tokensBilled,
    usdBilled: progress.usdBilled + evidence.usdBilled,
    usdSaved: progress.usdSaved + evidence.usdSaved,
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
