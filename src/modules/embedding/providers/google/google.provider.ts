import { z } from 'zod';
import type { Clock } from '../../../../common/clock.js';
import type { RedisPool } from '../../../redis/index.js';
import type { EmbeddingConfig } from '../../embedding.config.js';
import type { EmbeddingInput } from '../../embedding.types.js';
import { DayQuotaGate } from '../upstream/pacing/day-quota-gate.js';
import type { ComputedVector, EmbeddingBatch, EmbeddingModel, EmbeddingProvider } from '../embedding.provider.js';
import { estimateTokens } from '../upstream/token-estimate.js';
import { MAX_CALLS_PER_REQUEST, type UpstreamCall, UpstreamClient } from '../upstream/upstream-client.js';
import { explainRefusal } from '../upstream/upstream-refusal.js';
import { toComputedVectors } from '../upstream/vector-answer.js';
import { googleModels } from './google-models.js';
import { readGoogleRefusal } from './google-refusal.js';

const MAX_BATCH_TEXTS = 100;
/** The API refuses 4 MiB; JSON escapes make texts grow. */
const MAX_BATCH_BYTES = 1.5 * 2 ** 20;
/** Google renews day quotas at midnight there. */
const QUOTA_TIME_ZONE = 'America/Los_Angeles';

/** Hundreds of thousands in one answer: what is no number becomes NaN and is refused with the vector. */
const numbers = z.custom<readonly number[]>(Array.isArray);
const batchAnswer = z.object({
  embeddings: z.array(z.object({ values: numbers })),
  usageMetadata: z
    .object({ promptTokenCount: z.number().int().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
const countAnswer = z.object({ totalTokens: z.number().int().nonnegative() });

/** The Gemini API, when there is a key for it. */
export function createGoogleProvider(
  config: EmbeddingConfig,
  clock: Clock,
  pool: RedisPool | null,
): EmbeddingProvider | undefined {
  if (config.geminiApiKey === undefined) return undefined;
  return new GoogleProvider(config, config.geminiApiKey, clock, pool);
}

/** Computes vectors by the Gemini API (`:batchEmbedContents`, v1beta). */
export class GoogleProvider implements EmbeddingProvider {
  readonly name = 'google';
  readonly origin: string;
  readonly models: readonly EmbeddingModel[];
  readonly batchLimit;
  private readonly client: UpstreamClient;
  private readonly dayQuota: DayQuotaGate;

  constructor(config: EmbeddingConfig, apiKey: string, clock: Clock, pool: RedisPool | null = null) {
    this.origin = config.geminiBaseUrl;
    this.models = googleModels(config.geminiModels);
    this.batchLimit = {
      texts: Math.min(MAX_BATCH_TEXTS, config.upstreamTextsPerMinute),
      bytes: MAX_BATCH_BYTES,
      concurrency: Math.min(MAX_CALLS_PER_REQUEST, config.upstreamConcurrency),
    };
    this.dayQuota = new DayQuotaGate(QUOTA_TIME_ZONE, clock);
    this.client = new UpstreamClient({
      provider: this.name,
      baseUrl: config.geminiBaseUrl,
      headers: { 'x-goog-api-key': apiKey },
      config,
      pool,
      clock,
    });
  }

  embed(batch: EmbeddingBatch, signal: AbortSignal): Promise<readonly ComputedVector[]> {
    const { model, dimensions, inputs } = batch;
    const tokens = inputs.reduce((sum, { parts }) => sum + estimateTokens(parts), 0);
    return this.call(
      model,
      {
        path: `/v1beta/models/${encodeURIComponent(model.id)}:batchEmbedContents`,
        body: { requests: inputs.map((input) => toRequest(model, dimensions, input)) },
        cost: { texts: inputs.length, tokens },
        parse(answer) {
          const { success, data } = batchAnswer.safeParse(answer);
          if (!success) return undefined;
          const vectors = data.embeddings.map(({ values }) => Float32Array.from(values));
          return toComputedVectors(batch, vectors, data.usageMetadata?.promptTokenCount);
        },
      },
      signal,
    );
  }

  countTokens(model: EmbeddingModel, texts: readonly string[], signal: AbortSignal): Promise<number> {
    return this.call(
      model,
      {
        path: `/v1beta/models/${encodeURIComponent(model.id)}:countTokens`,
        body: { contents: [{ parts: texts.map((text) => ({ text })) }] },
        cost: { texts: 0, tokens: 0 },
        parse: (answer) => countAnswer.safeParse(answer).data?.totalTokens,
      },
      signal,
    );
  }

  async close(): Promise<void> {}

  private async call<T>(
    model: EmbeddingModel,
    call: Omit<UpstreamCall<T>, 'explain' | 'model'>,
    signal: AbortSignal,
  ): Promise<T> {
    this.dayQuota.check(model.id);
    return this.client.post(
      {
        ...call,
        model: model.id,
        explain: (status, answer) => {
          const refusal = readGoogleRefusal(status, answer);
          return refusal.isDayQuota ? this.dayQuota.close(model.id) : explainRefusal(refusal);
        },
      },
      signal,
    );
  }
}

function toRequest(model: EmbeddingModel, dimensions: number, { parts, taskType, title }: EmbeddingInput): unknown {
  return {
    model: `models/${model.id}`,
    content: { parts: parts.map((text) => ({ text })) },
    ...(taskType === undefined ? {} : { taskType }),
    ...(title === undefined ? {} : { title }),
    outputDimensionality: dimensions,
  };
}
