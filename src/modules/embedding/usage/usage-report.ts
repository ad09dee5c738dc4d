import type { EmbeddingUsage } from '../embedding.types.js';
import type { RequestPlan } from '../vectors/request-planner.js';
import type { VectorRecord } from '../vectors/vector-record.js';

/** The sources of the vectors of one answer. */
export interface AnswerSources {
  /** Vectors found in the cache, by key. */
  readonly cached: ReadonlyMap<string, VectorRecord>;
  /** Vectors that had to be computed, by key. */
  readonly computed: ReadonlyMap<string, VectorRecord>;
  /** Keys of {@link computed} that this request paid for. Concurrent requests computed the others. */
  readonly own: ReadonlySet<string>;
  /** Sum over all inputs. */
  readonly totalTokens: number;
  readonly isStored: boolean;
  /** Whether the request asked not to use cached vectors (`no-cache`, `max-age`). */
  readonly isForced: boolean;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Adds up the cost and the savings of one answer. */
export function usageOf(
  { keys, texts, model }: Pick<RequestPlan, 'keys' | 'model'> & { readonly texts: { readonly size: number } },
  { cached, computed, own, totalTokens, isStored, isForced, nowMs }: AnswerSources,
): EmbeddingUsage {
  const tokensBilled = [...own].reduce((sum, key) => sum + (computed.get(key)?.tokens ?? 0), 0);
  const tokensSaved = totalTokens - tokensBilled;
  const usd = (tokens: number) => (tokens / 1e6) * model.usdPerMillionTokens;
  const oldestMs = [...cached.values()].reduce(
    (oldest, { createdAtMs }) => Math.min(oldest, createdAtMs),
    Number.POSITIVE_INFINITY,
  );
  return {
    hits: cached.size,
    misses: own.size,
    coalesced: texts.size - cached.size - own.size,
    deduplicated: keys.length - texts.size,
    ageMs: cached.size === 0 ? undefined : Math.max(0, nowMs - oldestMs),
    tokensBilled,
    tokensSaved,
    usdBilled: usd(tokensBilled),
    usdSaved: usd(tokensSaved),
    isStored: own.size > 0 && isStored,
    isForced,
  };
}
