import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import { EmbeddingError } from '../embedding.error.js';
import { CLOCK } from '../embedding.tokens.js';
import type { Tenant } from '../embedding.types.js';
import { msUntilMidnight } from '../providers/upstream/pacing/day-quota.js';
import { WindowCounter } from './window-counter.js';

/** A tenant's texts per UTC day, shared by all instances. Only computed texts count, neither hits nor failures. */
@Injectable()
export class TextQuota {
  constructor(
    private readonly counter: WindowCounter,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Reserves the texts that a request may need. Returns a function that gives unused ones back.
   *
   * @throws EmbeddingError `quota-exhausted` when the texts do not fit into what is left today.
   */
  async take({ name, textsPerDay }: Tenant, texts: number): Promise<(unused: number) => Promise<void>> {
    if (textsPerDay === Number.POSITIVE_INFINITY) return async () => {};
    const wallMs = this.clock.wallMs();
    const day = new Date(wallMs).toISOString().slice(0, 10);
    const leftMs = msUntilMidnight('UTC', wallMs);
    const add = (amount: number) => this.counter.add(`texts:${name}:${day}`, amount, leftMs);
    const refund = async (unused: number) => {
      if (unused > 0) await add(-unused);
    };
    const { count } = await add(texts);
    if (count <= textsPerDay) return refund;
    // Given back, so that a smaller request may still fit.
    await refund(texts);
    throw new EmbeddingError('quota-exhausted', `You exceeded your quota of ${textsPerDay} uncached texts a day.`, {
      retryAfterMs: leftMs,
    });
  }
}
