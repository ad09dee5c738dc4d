import { z } from 'zod';
import type { Clock } from '../../../../common/clock.js';
import type { QuotaStore } from '../upstream/pacing/quota-store.js';
import type { EmbeddingConfig } from '../../embedding.config.js';
import type { EmbeddingInput } from '../../embedding.types.js';
import { DayQuota } from '../upstream/pacing/day-quota.js';
import type {
  BatchLimit,
  ComputedVector,
  EmbeddingBatch,
  EmbeddingModel,
  EmbeddingProvider,
} from '../embedding.provider.js';
import { batchLimitOf } from '../upstream/batch-limit.js';
import { estimateTokens } from '../upstream/token-estimate.js';
import { type UpstreamCall, UpstreamClient } from '../upstream/upstream-client.js';
import { classifyUpstreamError } from '../upstream/upstream-error.js';
import { toComputedVectors } from '../upstream/vector-answer.js';
import { googleModels } from './google-models.js';
import { readGoogleError } from './google-upstream-error.js';

const MAX_BATCH_TEXTS = 100;
/** The API refuses bodies above 4 MiB, and JSON escapes make texts longer. */
const MAX_BATCH_BYTES = 1.5 * 2 ** 20;
/** Google renews daily quotas at midnight in this time zone. */
const QUOTA_TIME_ZONE = 'America/Los_Angeles';

/** Not validated one by one, because an answer has hundreds of thousands. A value that is no number becomes NaN, and its vector is refused. */
const numbers = z.custom<readonly number[]>(Array.isArray);
const batchAnswer = z.object({
  embeddings: z.array(z.object({ values: numbers })),
  usageMetadata: z
    .object({ promptTokenCount: z.number().int().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
const countAnswer = z.object({ totalTokens: z.number().int().nonnegative() });

/** The Gemini API, if a key is configured. */
export function createGoogleProvider(
  config: EmbeddingConfig,
  clock: Clock,
  quotas: QuotaStore | null,
): EmbeddingProvider | undefined {
  if (config.geminiApiKey === undefined) return undefined;
  return new GoogleProvider(config, config.geminiApiKey, clock, quotas);
}

/** Computes vectors with the Gemini API (`:batchEmbedContents`, v1beta). */
export class GoogleProvider implements EmbeddingProvider {
  readonly name = 'google';
  readonly origin: string;
  readonly models: readonly EmbeddingModel[];
  readonly batchLimit: BatchLimit;
  private readonly client: UpstreamClient;
  private readonly dayQuota: DayQuota;

  constructor(config: EmbeddingConfig, apiKey: string, clock: Clock, quotas: QuotaStore | null = null) {
    this.origin = config.geminiBaseUrl;
    this.models = googleModels(config.geminiModels);
    this.batchLimit = batchLimitOf(config, { texts: MAX_BATCH_TEXTS, bytes: MAX_BATCH_BYTES });
    this.dayQuota = new DayQuota(QUOTA_TIME_ZONE, clock);
    this.client = new UpstreamClient({
      provider: this.name,
      baseUrl: config.geminiBaseUrl,
      headers: { 'x-goog-api-key': apiKey },
      config,
      quotas,
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
    call: Omit<UpstreamCall<T>, 'classifyError' | 'model'>,
    signal: AbortSignal,
  ): Promise<T> {
    this.dayQuota.assertAvailable(model.id);
    return this.client.post(
      {
        ...call,
        model: model.id,
        classifyError: (status, answer) => {
          const error = readGoogleError(status, answer);
          return error.isDayQuota ? this.dayQuota.markExhausted(model.id) : classifyUpstreamError(error);
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
