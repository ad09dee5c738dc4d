import type { EmbeddingInput } from '../embedding.types.js';

/** Where vectors come from. */
export const PROVIDER_NAMES = ['local', 'google', 'openai'] as const;

/** See {@link PROVIDER_NAMES}. */
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** A model and what a caller may ask of it. */
export interface EmbeddingModel {
  readonly id: string;
  readonly provider: ProviderName;
  /** Widths it can answer; `min` equals `max` where it has only one. */
  readonly dimensions: { readonly default: number; readonly min: number; readonly max: number };
  /** How it learns what a text is for: a field of the request, words in the text, or not at all. */
  readonly taskMode: 'parameter' | 'prefix' | 'none';
  /** Whether it answers vectors of length 1 at every width. Where not, the gateway makes them so. */
  readonly isNormalised: boolean;
  /** Whether the first part of a wide vector is the narrower vector, so one can serve the other. */
  readonly isNested: boolean;
  /** Longer inputs are refused before they cost anything. */
  readonly maxInputChars: number;
  readonly maxInputTokens: number;
  /** List price of a million input tokens; 0 where it costs nothing. */
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

/** What one upstream call may carry. */
export interface BatchLimit {
  readonly texts: number;
  /** Of the texts in UTF-8. */
  readonly bytes: number;
  /** Calls at once for one request. */
  readonly concurrency: number;
}

/**
 * Computes vectors. It retries, paces and times out by itself; what it throws is an `EmbeddingError`, of kind
 * `invalid-input` when the texts are to blame.
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
