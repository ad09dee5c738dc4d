import { Injectable } from '@nestjs/common';
import type { EmbeddingEvidence } from '../embedding.types.js';

/** Totals since this instance started. */
export interface EmbeddingTotals {
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

/** Adds up what requests cost and saved, by model, for metrics and the admin page. */
@Injectable()
export class EmbeddingLedger {
  private readonly byModel = new Map<string, EmbeddingTotals>();

  record(
    model: string,
    { hits, misses, coalesced, deduplicated, tokensBilled, tokensSaved, usdBilled, usdSaved }: EmbeddingEvidence,
  ): void {
    const before = this.byModel.get(model);
    const add = (name: keyof EmbeddingTotals, amount: number) => (before?.[name] ?? 0) + amount;
    this.byModel.set(model, {
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

  /** By model. */
  totals(): ReadonlyMap<string, EmbeddingTotals> {
    return this.byModel;
  }
}
