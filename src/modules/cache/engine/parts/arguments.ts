/** Longer durations are for ever: Redis takes no expiry that far away. */
const FOR_EVER_MS = 1_000 * 365.25 * 24 * 3_600_000;

/**
 * A duration in milliseconds, 0 or more. One of a thousand years or more counts as `Infinity`.
 *
 * @throws TypeError for anything that is not a number; RangeError for a negative one and NaN.
 */
export function assertDuration(name: string, value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a number of milliseconds, not ${describe(value)}.`);
  if (!(value >= 0)) throw new RangeError(`${name} is a number of milliseconds, 0 or more, not ${value}.`);
  return value >= FOR_EVER_MS ? Number.POSITIVE_INFINITY : value;
}

/** As {@link assertDuration}, for one that may be left out. */
export function assertOptionalDuration(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : assertDuration(name, value);
}

/** @throws TypeError or RangeError for anything but a number from 0 to 1. */
export function assertShare(name: string, value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a share from 0 to 1, not ${describe(value)}.`);
  if (value >= 0 && value <= 1) return value;
  throw new RangeError(`${name} is a share from 0 to 1, not ${value}.`);
}

/** @throws TypeError for a value that is none of `allowed`. */
export function assertOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new TypeError(`${name} is one of ${allowed.map((one) => `'${one}'`).join(', ')}, not ${describe(value)}.`);
}

/** @throws TypeError for anything but an array: a string would be taken for a list of its characters. */
export function assertList(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} is an array of strings, not ${describe(value)}.`);
}

/** @throws TypeError for anything but a function. */
export function assertFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} is a function, not ${describe(value)}.`);
}

/** @throws TypeError for anything but an `AbortSignal`. */
export function assertSignal(value: unknown): void {
  if (!(value instanceof AbortSignal)) throw new TypeError(`signal is an AbortSignal, not ${describe(value)}.`);
}

/** A value in a few characters; its content may be a user's data, so only strings that name an option are quoted. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value.length <= 20 ? `'${value}'` : 'a string';
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
