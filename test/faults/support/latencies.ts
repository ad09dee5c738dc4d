/** Latencies of requests by when they were due. */
export class Latencies {
  readonly #samples: { dueMs: number; latencyMs: number }[] = [];

  add(dueMs: number): void {
    this.#samples.push({ dueMs, latencyMs: performance.now() - dueMs });
  }

  /** Those due in that time: p99 and worst, whole ms. */
  between(fromMs: number, toMs: number): { p99Ms: number; worstMs: number } {
    const sorted = this.#samples
      .filter(({ dueMs }) => dueMs >= fromMs && dueMs <= toMs)
      .map(({ latencyMs }) => latencyMs)
      .toSorted((a, b) => a - b);
    return {
      p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      worstMs: Math.round(sorted.at(-1) ?? 0),
    };
  }
}
