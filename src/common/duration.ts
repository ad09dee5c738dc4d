/** A length of time: milliseconds, or a number with a unit (`'250ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'7d'`, `'2w'`). */
export type Duration = number | `${number}${DurationUnit}`;

/** The units of a {@link Duration}. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w';

const UNIT_MS: Record<DurationUnit, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/**
 * Milliseconds of a {@link Duration}.
 *
 * @throws RangeError for a negative, non-finite or invalid duration. The message contains it.
 */
export function toMs(duration: Duration): number {
  if (typeof duration === 'number') {
    if (duration >= 0 && Number.isFinite(duration)) return duration;
  } else {
    const match = PATTERN.exec(duration.trim());
    const ms = match ? Number(match[1]) * UNIT_MS[match[2] as DurationUnit] : Number.NaN;
    if (Number.isFinite(ms)) return ms;
  }
  throw new RangeError(
    `Not a duration: ${JSON.stringify(duration)}. Give milliseconds or a number with a unit (ms, s, m, h, d, w), as '5m'.`,
  );
}
