/** Tokens of a text where nobody counts them: about four characters each in English, at least one. */
export function estimateTokens(parts: readonly string[]): number {
  return Math.max(1, Math.ceil(parts.reduce((sum, part) => sum + part.length, 0) / 4));
}

/**
 * Shares a batch's token count out among its texts by their estimates, so that the parts add up to the whole. Upstreams
 * count per call, clients are told per text.
 */
export function apportionTokens(total: number, estimates: readonly number[]): number[] {
  const sum = estimates.reduce((a, b) => a + b, 0);
  let cumulative = 0;
  let given = 0;
  return estimates.map((estimate) => {
    cumulative += estimate;
    const share = Math.round((total * cumulative) / sum) - given;
    given += share;
    return share;
  });
}
