import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import type { Cache, LoadManyOptions } from '../../cache/index.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingError } from '../embedding.error.js';
import { CLOCK } from '../embedding.tokens.js';
import type { PlannedText } from './text-plan.js';
import type { ServedModel } from '../models/model-catalog.js';
import type { BatchLimit, ComputedVector, EmbeddingBatch, EmbeddingProvider } from '../providers/embedding.provider.js';
import { encodeVectorRecord } from './vector-record.js';

/** Texts to compute, or to wait for while another request computes them. */
export interface VectorLoad extends ServedModel {
  readonly cache: Cache;
  readonly dimensions: number;
  readonly texts: ReadonlyMap<string, PlannedText>;
  readonly options: LoadManyOptions<Uint8Array>;
  /** Called with every batch the provider computed for this load. These vectors are paid for, even if the load fails later. */
  readonly onComputed: (records: ReadonlyMap<string, Uint8Array>) => void;
  /** When it aborts, no further batch is begun. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Refused texts of one batch that are searched for; each costs about seven calls. For a batch of refused texts only (a
 * wrong setting, or malice) the whole search would take two hundred calls.
 */
const MAX_REFUSED_TEXTS = 8;

/**
 * Loads missing vectors through the cache, in batches of the provider's size. Every finished batch is cached before the next
 * one begins, so a job that fails halfway pays for its first half only once. A batch that is refused for its input is cut in
 * halves until the refused text is alone. The others are cached, and the error names the text.
 */
@Injectable()
export class VectorLoader {
  constructor(
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The stored form of every text's vector, by key. @throws EmbeddingError */
  async load(load: VectorLoad): Promise<ReadonlyMap<string, Uint8Array>> {
    const records = new Map<string, Uint8Array>();
    const batches = cutIntoBatches(load.texts, load.provider.batchLimit);
    const runner = async () => {
      // All runners share one generator. A runner that throws closes it, so the others begin no further batch.
      for (const keys of batches) {
        load.signal?.throwIfAborted();
        for (const [key, record] of await this.loadBatch(load, keys)) records.set(key, record);
      }
    };
    await Promise.all(Array.from({ length: load.provider.batchLimit.concurrency }, runner));
    return records;
  }

  private async loadBatch(load: VectorLoad, keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const failures: unknown[] = [];
    const fetchMissing = (wanted: readonly string[]) =>
      load.cache.getOrLoadMany<Uint8Array>(
        wanted,
        (missing, { signal }) => this.compute(load, missing, signal, failures),
        load.options,
      );
    const loaded = await fetchMissing(keys);
    if (failures.length > 0) throw failures[0];
    const left = keys.filter((key) => !loaded.has(key));
    if (left.length === 0) return loaded;
    // Another request was computing these texts and the provider refused them. Ask again to get the reason.
    const second = await fetchMissing(left);
    if (failures.length > 0) throw failures[0];
    if (second.size < left.length)
      throw new EmbeddingError('upstream-unavailable', 'The vectors could not be computed.');
    return new Map([...loaded, ...second]);
  }

  private async compute(
    { provider, model, dimensions, texts, onComputed }: VectorLoad,
    keys: readonly string[],
    signal: AbortSignal,
    failures: unknown[],
  ): Promise<Map<string, Uint8Array>> {
    const planned = keys.map((key) => texts.get(key)!);
    const vectors = await embedIsolating(
      provider,
      { model, dimensions, inputs: planned.map(({ input }) => input) },
      signal,
      (position, error) => {
        failures.push(
          new EmbeddingError(error.kind, `${error.message} (text ${planned[position]?.index})`, {
            param: 'input',
            index: planned[position]?.index,
            cause: error,
          }),
        );
      },
      (error) => failures.push(error),
    );
    const createdAtMs = this.clock.wallMs();
    const { codec } = this.config;
    const records = new Map(
      keys.flatMap((key, position) => {
        const computed = vectors[position];
        return computed ? [[key, encodeVectorRecord({ ...computed, createdAtMs, codec })] as const] : [];
      }),
    );
    onComputed(records);
    return records;
  }
}

/**
 * Embeds a batch without the texts that the provider refuses; `onRefused` gets the positions of the first of them. When one
 * part was computed and another part fails for another reason, `onFailed` gets the error, and the computed part is kept.
 */
async function embedIsolating(
  provider: EmbeddingProvider,
  batch: EmbeddingBatch,
  signal: AbortSignal,
  onRefused: (position: number, error: EmbeddingError) => void,
  onFailed: (error: unknown) => void,
): Promise<readonly (ComputedVector | undefined)[]> {
  const vectors: (ComputedVector | undefined)[] = new Array(batch.inputs.length).fill(undefined);
  let [refused, hasComputed, isOver] = [0, false, false];
  const embedPart = async (from: number, to: number): Promise<void> => {
    if (isOver) return;
    try {
      const part = await provider.embed({ ...batch, inputs: batch.inputs.slice(from, to) }, signal);
      hasComputed = true;
      part.forEach((vector, index) => (vectors[from + index] = vector));
    } catch (error) {
      if (!(error instanceof EmbeddingError) || error.kind !== 'invalid-input') {
        if (!hasComputed) throw error;
        onFailed(error);
        isOver = true;
      } else if (to - from === 1) {
        onRefused(from, error);
        isOver = ++refused === MAX_REFUSED_TEXTS;
      } else {
        const middle = from + Math.ceil((to - from) / 2);
        await embedPart(from, middle);
        await embedPart(middle, to);
      }
    }
  };
  await embedPart(0, batch.inputs.length);
  return vectors;
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
