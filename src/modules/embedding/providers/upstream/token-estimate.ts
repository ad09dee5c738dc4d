/** Estimates the tokens of a text: about four characters each in English, at least one token. */
export function estimateTokens(parts: readonly string[]): number {
  return Math.max(1, Math.ceil(parts.reduce((sum, part) => sum + part.length, 0) / 4));
}

/**
 * Divides the token count of a batch among its texts in proportion to their estimates; the parts add up to the whole.
 * Upstreams count per call, but clients need a count per text.
 */
export function apportionTokens(total: number, estimates: readonly number[]): number[] {
  const sum = estimates.reduce((a, b) => a + b, 0);
  let cumulative = 0;
  let assigned = 0;
  return estimates.map((estimate) => {
    cumulative += estimate;
    const share = Math.round((total * cumulative) / sum) - assigned;
    assigned += share;
    return share;
  });
}
