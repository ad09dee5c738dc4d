import type { EmbeddingInput } from '../embedding.types.js';

/** Sources of vectors. */
export const PROVIDER_NAMES = ['local', 'google', 'openai'] as const;

/** See {@link PROVIDER_NAMES}. */
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** A model and its limits. */
export interface EmbeddingModel {
  readonly id: string;
  readonly provider: ProviderName;
  /** Widths it can answer; `min` equals `max` for a model with one width. */
  readonly dimensions: { readonly default: number; readonly min: number; readonly max: number };
  /** How it receives the task of a text: as a field of the request, as words in the text, or not at all. */
  readonly taskMode: 'parameter' | 'prefix' | 'none';
  /** Whether it answers vectors of length 1 at every width. If not, the gateway normalises them. */
  readonly isNormalised: boolean;
  /** Whether the first part of a wide vector is the narrower vector, so that narrower vectors can be cut from it. */
  readonly isNested: boolean;
  /** Longer inputs are refused before they cost anything. */
  readonly maxInputChars: number;
  readonly maxInputTokens: number;
  /** List price of a million input tokens; 0 for a free model. */
  readonly usdPerMillionTokens: number;
}

/** Texts to compute in one go, within the provider's {@link BatchLimit}. */
export interface EmbeddingBatch {
  readonly model: EmbeddingModel;
  readonly dimensions: number;
  readonly inputs: readonly EmbeddingInput[];
}

/** One computed vector. */
export interface ComputedVector {
  readonly vector: Float32Array;
  readonly tokens: number;
}

/** Limits of one upstream call. */
export interface BatchLimit {
  readonly texts: number;
  /** Of the texts in UTF-8. */
  readonly bytes: number;
  /** Calls at once for one request. */
  readonly concurrency: number;
}

/**
 * Computes vectors. It does its own retries, pacing and timeouts. It throws an `EmbeddingError`, of kind `invalid-input`
 * when it refuses the texts.
 */
export interface EmbeddingProvider {
  readonly name: ProviderName;
  /** Tells servers apart that call different models by one name; part of every key. */
  readonly origin: string;
  readonly models: readonly EmbeddingModel[];
  readonly batchLimit: BatchLimit;
  /** In the order of the inputs, one for each. */
  embed(batch: EmbeddingBatch, signal: AbortSignal): Promise<readonly ComputedVector[]>;
  /** Tokens the model would count. */
  countTokens(model: EmbeddingModel, texts: readonly string[], signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}
