import type { Clock } from '../../../../../common/clock.js';
import { EmbeddingError } from '../../../embedding.error.js';

const DAY_MS = 86_400_000;

/** Remembers the models whose quota of the day is used up, so that they are not called before it is renewed at midnight in `timeZone`. */
export class DayQuota {
  private readonly renewals = new Map<string, number>();

  constructor(
    private readonly timeZone: string,
    private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError `quota-exhausted` while the model's quota is used up. */
  assertAvailable(model: string): void {
    const renewedAtMs = this.renewals.get(model);
    if (renewedAtMs === undefined) return;
    const retryAfterMs = renewedAtMs - this.clock.nowMs();
    if (retryAfterMs > 0) throw exhausted(model, retryAfterMs);
    this.renewals.delete(model);
  }

  /** Records that the model's quota is used up. Returns the error to throw. */
  markExhausted(model: string): EmbeddingError {
    const retryAfterMs = msUntilMidnight(this.timeZone, this.clock.wallMs());
    this.renewals.set(model, this.clock.nowMs() + retryAfterMs);
    return exhausted(model, retryAfterMs);
  }
}

/** Milliseconds until the next midnight in a time zone; wrong by an hour on the two days a year when its clocks change. */
export function msUntilMidnight(timeZone: string, wallMs: number): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(wallMs);
  const [hours = 0, minutes = 0, seconds = 0] = (['hour', 'minute', 'second'] as const).map((unit) =>
    Number(parts.find(({ type }) => type === unit)?.value),
  );
  return DAY_MS - ((hours * 60 + minutes) * 60 + seconds) * 1_000 - (wallMs % 1_000);
}

function exhausted(model: string, retryAfterMs: number): EmbeddingError {
  return new EmbeddingError(
    'quota-exhausted',
    `The upstream's daily quota for ${model} is used up; cached texts are still answered.`,
    { retryAfterMs },
  );
}
