import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import type { Cache, LoadManyOptions } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingError } from '../embedding.error.js';
import { CLOCK } from '../embedding.tokens.js';
import type { PlannedText } from '../keys/text-plan.js';
import type { ServedModel } from '../models/model-catalog.js';
import type { BatchLimit, ComputedVector, EmbeddingBatch, EmbeddingProvider } from '../providers/embedding.provider.js';
import { encodeVectorRecord } from '../vector/vector-record.js';

/** Texts to be computed, or waited for where another request computes them. */
export interface VectorLoad extends ServedModel {
  readonly cache: Cache;
  readonly dimensions: number;
  readonly texts: ReadonlyMap<string, PlannedText>;
  readonly options: LoadManyOptions<Uint8Array>;
  /** No further batch is begun once it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** What came of a {@link VectorLoad}. */
export interface LoadedVectors {
  /** Stored form, by key. */
  readonly records: ReadonlyMap<string, Uint8Array>;
  /** The keys this load had computed; the others were computed by someone else meanwhile. */
  readonly own: ReadonlySet<string>;
}

/**
 * Gets missing vectors through the cache, in batches the provider takes. Every finished batch is cached before the next is
 * begun, so a job that fails halfway pays for its first half once. A batch refused for its input is cut in halves until the
 * bad text is alone: the others are cached, and the error names it.
 */
@Injectable()
export class VectorLoader {
  constructor(
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError */
  async load(load: VectorLoad): Promise<LoadedVectors> {
    const records = new Map<string, Uint8Array>();
    const own = new Set<string>();
    const batches = cutIntoBatches(load.texts, load.provider.batchLimit);
    const runner = async () => {
      // All runners share one generator; a runner that throws closes it, and the others begin no further batch.
      for (const keys of batches) {
        load.signal?.throwIfAborted();
        for (const [key, record] of await this.loadBatch(load, keys, own)) records.set(key, record);
      }
    };
    await Promise.all(Array.from({ length: load.provider.batchLimit.concurrency }, runner));
    return { records, own };
  }

  private async loadBatch(
    load: VectorLoad,
    keys: readonly string[],
    own: Set<string>,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const refusals: EmbeddingError[] = [];
    const fetchMissing = (wanted: readonly string[]) =>
      load.cache.getOrLoadMany<Uint8Array>(
        wanted,
        async (missing, { signal }) => {
          for (const key of missing) own.add(key);
          return this.compute(load, missing, signal, refusals);
        },
        load.options,
      );
    const found = await fetchMissing(keys);
    if (refusals[0]) throw refusals[0];
    const left = keys.filter((key) => !found.has(key));
    if (left.length === 0) return found;
    // Another request was computing these and its provider refused them: ask in our own name to learn why.
    const second = await fetchMissing(left);
    if (refusals[0]) throw refusals[0];
    if (second.size < left.length)
      throw new EmbeddingError('upstream-unavailable', 'The vectors could not be computed.');
    return new Map([...found, ...second]);
  }

  private async compute(
    { provider, model, dimensions, texts }: VectorLoad,
    keys: readonly string[],
    signal: AbortSignal,
    refusals: EmbeddingError[],
  ): Promise<Map<string, Uint8Array>> {
    const planned = keys.map((key) => texts.get(key)!);
    const vectors = await embedIsolating(
      provider,
      { model, dimensions, inputs: planned.map(({ input }) => input) },
      signal,
      (position, error) => {
        refusals.push(
          new EmbeddingError(error.kind, `${error.message} (text ${planned[position]?.index})`, {
            param: 'input',
            cause: error,
          }),
        );
      },
    );
    const createdAtMs = this.clock.wallMs();
    const { codec } = this.config;
    return new Map(
      keys.flatMap((key, position) => {
        const computed = vectors[position];
        return computed ? [[key, encodeVectorRecord({ ...computed, createdAtMs, codec })] as const] : [];
      }),
    );
  }
}

/** Embeds a batch, leaving out the texts the provider refuses; `onRefused` is told their positions. */
async function embedIsolating(
  provider: EmbeddingProvider,
  batch: EmbeddingBatch,
  signal: AbortSignal,
  onRefused: (position: number, error: EmbeddingError) => void,
): Promise<readonly (ComputedVector | undefined)[]> {
  try {
    return await provider.embed(batch, signal);
  } catch (error) {
    if (!(error instanceof EmbeddingError) || error.kind !== 'invalid-input') throw error;
    const { length } = batch.inputs;
    if (length === 1) {
      onRefused(0, error);
      return [undefined];
    }
    const half = Math.ceil(length / 2);
    const first = await embedIsolating(provider, { ...batch, inputs: batch.inputs.slice(0, half) }, signal, onRefused);
    const second = await embedIsolating(
      provider,
      { ...batch, inputs: batch.inputs.slice(half) },
      signal,
      (position, cause) => onRefused(half + position, cause),
    );
    return [...first, ...second];
  }
}

function* cutIntoBatches(
  texts: ReadonlyMap<string, PlannedText>,
  limit: BatchLimit,
): Generator<readonly string[], void> {
  let keys: string[] = [];
  let bytes = 0;
  for (const [key, { input }] of texts) {
    const size = input.parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
    if (keys.length > 0 && (keys.length === limit.texts || bytes + size > limit.bytes)) {
      yield keys;
      keys = [];
      bytes = 0;
    }
    keys.push(key);
    bytes += size;
  }
  if (keys.length > 0) yield keys;
}
