import { z } from 'zod';
import type { Clock } from '../../../../common/clock.js';
import type { QuotaStore } from '../upstream/pacing/quota-store.js';
import type { EmbeddingConfig } from '../../embedding.config.js';
import type { CustomModel } from '../../config/model-text.js';
import { fromFloat32Bytes } from '../../numbers/float32-bytes.js';
import type {
  BatchLimit,
  ComputedVector,
  EmbeddingBatch,
  EmbeddingModel,
  EmbeddingProvider,
} from '../embedding.provider.js';
import { batchLimitOf } from '../upstream/batch-limit.js';
import { estimateTokens } from '../upstream/token-estimate.js';
import { UpstreamClient } from '../upstream/upstream-client.js';
import { toComputedVectors } from '../upstream/vector-answer.js';
import { classifyOpenAiError } from './openai-upstream-error.js';

const OPENAI_URL = 'https://api.openai.com/v1';
/** Below OpenAI's limits of 2,048 texts and 300,000 tokens, and a size that self-hosted servers can be configured for. */
const MAX_BATCH_TEXTS = 256;
const MAX_BATCH_BYTES = 512 * 2 ** 10;

const OPENAI_MODELS: readonly CustomModel[] = [
  { id: 'text-embedding-3-small', minDimensions: 1, maxDimensions: 1536, usdPerMillionTokens: 0.02 },
  { id: 'text-embedding-3-large', minDimensions: 1, maxDimensions: 3072, usdPerMillionTokens: 0.13 },
  { id: 'text-embedding-ada-002', minDimensions: 1536, maxDimensions: 1536, usdPerMillionTokens: 0.1 },
];

const answerSchema = z.object({
  data: z.array(
    z.object({ index: z.number().int().nonnegative(), embedding: z.union([z.string(), z.array(z.number())]) }),
  ),
  usage: z
    .object({ prompt_tokens: z.number().int().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/** OpenAI or a server with the same protocol, if a key or a URL is configured. */
export function createOpenAiProvider(
  config: EmbeddingConfig,
  clock: Clock,
  quotas: QuotaStore | null,
): EmbeddingProvider | undefined {
  if (config.openAiApiKey === undefined && config.openAiBaseUrl === undefined) return undefined;
  return new OpenAiProvider(config, clock, quotas);
}

/** Computes vectors with an OpenAI-compatible `/embeddings` endpoint: OpenAI, TEI, vLLM, Ollama. */
export class OpenAiProvider implements EmbeddingProvider {
  readonly name = 'openai';
  readonly origin: string;
  readonly models: readonly EmbeddingModel[];
  readonly batchLimit: BatchLimit;
  private readonly client: UpstreamClient;

  constructor(config: EmbeddingConfig, clock: Clock, quotas: QuotaStore | null = null) {
    this.origin = config.openAiBaseUrl ?? OPENAI_URL;
    this.models = (config.openAiModels.length > 0 ? config.openAiModels : OPENAI_MODELS).map(toModel);
    this.batchLimit = batchLimitOf(config, { texts: MAX_BATCH_TEXTS, bytes: MAX_BATCH_BYTES });
    this.client = new UpstreamClient({
      provider: this.name,
      baseUrl: this.origin,
      headers: config.openAiApiKey === undefined ? {} : { authorization: `Bearer ${config.openAiApiKey}` },
      config,
      quotas,
      clock,
    });
  }

  embed(batch: EmbeddingBatch, signal: AbortSignal): Promise<readonly ComputedVector[]> {
    const { model, dimensions, inputs } = batch;
    const { min, max } = model.dimensions;
    return this.client.post(
      {
        path: '/embeddings',
        model: model.id,
        body: {
          model: model.id,
          input: inputs.map(({ parts }) => parts.join('\n')),
          encoding_format: 'base64',
          // Some servers refuse the field for models with one width.
          ...(min === max ? {} : { dimensions }),
        },
        cost: { texts: inputs.length, tokens: inputs.reduce((sum, { parts }) => sum + estimateTokens(parts), 0) },
        parse(answer) {
          const { success, data } = answerSchema.safeParse(answer);
          if (!success) return undefined;
          const vectors = data.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => toFloats(embedding));
          return toComputedVectors(batch, vectors, data.usage?.prompt_tokens);
        },
        classifyError: classifyOpenAiError,
      },
      signal,
    );
  }

  /** An estimate: the protocol has no request that counts tokens. */
  async countTokens(_model: EmbeddingModel, texts: readonly string[]): Promise<number> {
    return estimateTokens(texts);
  }

  async close(): Promise<void> {}
}

/** Servers that don't support base64 answer numbers. */
function toFloats(embedding: string | readonly number[]): Float32Array {
  return typeof embedding === 'string'
    ? fromFloat32Bytes(Buffer.from(embedding, 'base64'))
    : Float32Array.from(embedding);
}

function toModel({ id, minDimensions, maxDimensions, usdPerMillionTokens }: CustomModel): EmbeddingModel {
  return {
    id,
    provider: 'openai',
    dimensions: { default: maxDimensions, min: minDimensions, max: maxDimensions },
    taskMode: 'none',
    isNormalised: true,
    isNested: minDimensions < maxDimensions,
    maxInputChars: 100_000,
    maxInputTokens: 8_192,
    usdPerMillionTokens,
  };
}
