import { ESCAPE_KEY, MAX_DEPTH } from './escaped.types.js';

/**
 * Whether JSON says a value as it is: strings, finite numbers, booleans, null, and arrays and literals of them. The common
 * case, so it is found out without keeping a path, and as soon as anything is not so.
 *
 * @param room bytes the JSON may take.
 * @returns what is left of `room`, counting each value's least: 0 or more for a value that is so and may fit. Below 0 when
 *   it seems to take more, `NaN` when it is not so or not known to be: one of another realm, or nested deeper than
 *   {@link MAX_DEPTH}.
 */
export function roomAfter(value: unknown, room: number, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return room - value.length - 2;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? room - 1 : Number.NaN;
    case 'boolean':
      return room - 4;
    case 'object':
      if (value === null) return room - 4;
      if (depth === MAX_DEPTH) return Number.NaN;
      return Array.isArray(value) ? afterItems(value, room - 1, depth + 1) : afterFields(value, room - 2, depth + 1);
    default:
      return Number.NaN;
  }
}

function afterItems(items: readonly unknown[], room: number, depth: number): number {
  let left = room;
  // With a comma or the closing bracket behind each.
  for (let i = 0; i < items.length && left >= 0; i++) left = roomAfter(items[i], left - 1, depth);
  return left;
}

function afterFields(object: object, room: number, depth: number): number {
  const fields = object as Record<string, unknown>;
  if (Object.getPrototypeOf(object) !== Object.prototype || fields['toJSON'] !== undefined) return Number.NaN;
  let left = room;
  // With what a polluted prototype adds, which JSON leaves out: it costs a detour at most. `Object.keys` is slower by half.
  for (const key in fields) {
    if (key === ESCAPE_KEY) return Number.NaN;
    left = roomAfter(fields[key], left - key.length - 3, depth);
    if (!(left >= 0)) return left;
  }
  return left;
}
