import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import { EmbeddingError } from '../embedding.error.js';
import { CLOCK } from '../embedding.tokens.js';
import type { Tenant } from '../embedding.types.js';
import { msUntilMidnight } from '../pacing/day-quota-gate.js';
import { WindowCounter } from './window-counter.js';

/** A tenant's texts per UTC day, shared by all instances. Only what is not cached counts. */
@Injectable()
export class TextQuota {
  constructor(
    private readonly counter: WindowCounter,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError `quota-exhausted` when the texts do not fit into what is left today. */
  async take({ name, textsPerDay }: Tenant, texts: number): Promise<void> {
    if (textsPerDay === Number.POSITIVE_INFINITY) return;
    const wallMs = this.clock.wallMs();
    const day = new Date(wallMs).toISOString().slice(0, 10);
    const leftMs = msUntilMidnight('UTC', wallMs);
    const { count } = await this.counter.add(`texts:${name}:${day}`, texts, leftMs);
    if (count <= textsPerDay) return;
    // Hand back what is not used, so that a smaller request may still fit.
    await this.counter.add(`texts:${name}:${day}`, -texts, leftMs);
    throw new EmbeddingError('quota-exhausted', `You exceeded your quota of ${textsPerDay} uncached texts a day.`, {
      retryAfterMs: leftMs,
    });
  }
}
