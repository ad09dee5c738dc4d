import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { UsageTotals, type ModelTotals } from '../embedding/index.js';
import { METRIC } from './metric-names.js';

/** Cost of embeddings and savings by the cache, per model. */
@Injectable()
export class EmbeddingMetrics {
  constructor(
    private readonly registry: Registry,
    private readonly usageTotals: UsageTotals,
  ) {
    this.export(METRIC.embeddingRequests, 'Requests.', ({ requests }) => ({ all: requests }));
    this.export(METRIC.embeddingTexts, 'Texts by outcome.', ({ hits, misses, coalesced, deduplicated }) => ({
      hit: hits,
      miss: misses,
      coalesced,
      deduplicated,
    }));
    this.export(
      METRIC.embeddingTokens,
      'Tokens billed by the provider, and tokens saved by the cache.',
      ({ tokensBilled, tokensSaved }) => ({
        billed: tokensBilled,
        saved: tokensSaved,
      }),
    );
    this.export(
      METRIC.embeddingDollars,
      'Estimated US dollars billed by the provider, and saved by the cache.',
      ({ usdBilled, usdSaved }) => ({
        billed: usdBilled,
        saved: usdSaved,
      }),
    );
  }

  private export(name: string, help: string, read: (totals: ModelTotals) => Record<string, number>): void {
    const { usageTotals } = this;
    new Counter({
      name,
      help,
      labelNames: ['model', 'outcome'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [model, totals] of usageTotals.byModel()) {
          for (const [outcome, value] of Object.entries(read(totals))) this.inc({ model, outcome }, value);
        }
      },
    });
  }
}
