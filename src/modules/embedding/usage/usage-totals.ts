import { Injectable } from '@nestjs/common';
import type { EmbeddingUsage } from '../embedding.types.js';

/** Totals of one model since this instance started. */
export interface ModelTotals {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly coalesced: number;
  readonly deduplicated: number;
  readonly tokensBilled: number;
  readonly tokensSaved: number;
  readonly usdBilled: number;
  readonly usdSaved: number;
}

/** Adds up the cost and the savings of requests, by model, for metrics and the admin page. */
@Injectable()
export class UsageTotals {
  private readonly models = new Map<string, ModelTotals>();

  record(
    model: string,
    { hits, misses, coalesced, deduplicated, tokensBilled, tokensSaved, usdBilled, usdSaved }: EmbeddingUsage,
  ): void {
    const before = this.models.get(model);
    const add = (name: keyof ModelTotals, amount: number) => (before?.[name] ?? 0) + amount;
    this.models.set(model, {
      requests: add('requests', 1),
      hits: add('hits', hits),
      misses: add('misses', misses),
      coalesced: add('coalesced', coalesced),
      deduplicated: add('deduplicated', deduplicated),
      tokensBilled: add('tokensBilled', tokensBilled),
      tokensSaved: add('tokensSaved', tokensSaved),
      usdBilled: add('usdBilled', usdBilled),
      usdSaved: add('usdSaved', usdSaved),
    });
  }

  byModel(): ReadonlyMap<string, ModelTotals> {
    return this.models;
  }
}
