import type { EmbeddingUsage, EmbeddingResult } from '../embedding.types.js';

/** Response headers about cache hits, cost and savings; `Cache-Status` follows RFC 9211. */
export function usageHeaders({ model, provider, usage }: EmbeddingResult): Record<string, string> {
  const { hits, misses, coalesced, deduplicated, ageMs, tokensBilled, tokensSaved, usdBilled, usdSaved } = usage;
  return {
    'cache-status': cacheStatus(usage),
    'x-embed-cache': outcomeOf(usage),
    'x-embed-hits': String(hits),
    'x-embed-misses': String(misses),
    'x-embed-deduplicated': String(deduplicated),
    'x-embed-coalesced': String(coalesced),
    'x-embed-tokens-billed': String(tokensBilled),
    'x-embed-tokens-saved': String(tokensSaved),
    'x-embed-usd-billed': usd(usdBilled),
    'x-embed-usd-saved': usd(usdSaved),
    'x-embed-model': encodeURI(model),
    'x-embed-provider': provider,
    ...(ageMs === undefined ? {} : { age: String(Math.floor(ageMs / 1_000)) }),
  };
}

/** Whether all vectors came from the cache, some, or none. */
function outcomeOf({ hits, misses, coalesced }: EmbeddingUsage): 'HIT' | 'PARTIAL' | 'MISS' {
  if (misses + coalesced === 0) return 'HIT';
  return hits === 0 ? 'MISS' : 'PARTIAL';
}

function cacheStatus(usage: EmbeddingUsage): string {
  const { hits, misses, coalesced, isStored, isForced } = usage;
  const outcome = { HIT: 'hit', PARTIAL: 'fwd=partial', MISS: isForced ? 'fwd=request' : 'fwd=miss' }[outcomeOf(usage)];
  return [
    'Larder',
    outcome,
    ...(isStored ? ['stored'] : []),
    ...(coalesced > 0 ? ['collapsed'] : []),
    `detail="hits=${hits} misses=${misses} coalesced=${coalesced}"`,
  ].join('; ');
}

function usd(amount: number): string {
  return amount.toFixed(8);
}
