import type { EmbeddingConfig } from '../../embedding.config.js';
import type { BatchLimit } from '../embedding.provider.js';

/** Calls at once that one request may make, so that a large request leaves room for others. */
const MAX_CALLS_PER_REQUEST = 4;

/** The largest batch that fits the upstream's own limits and the configured quota. */
export function batchLimitOf(
  { upstreamTextsPerMinute, upstreamConcurrency }: EmbeddingConfig,
  { texts, bytes }: Pick<BatchLimit, 'texts' | 'bytes'>,
): BatchLimit {
  return {
    texts: Math.min(texts, upstreamTextsPerMinute),
    bytes,
    concurrency: Math.min(MAX_CALLS_PER_REQUEST, upstreamConcurrency),
  };
}
