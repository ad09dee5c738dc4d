import { isPlainObject } from './plain-object.js';

/**
 * Freezes a value that many readers will share: plain objects and arrays, all the way down, in place. A caller that then
 * mutates what it got from the cache gets a TypeError (in strict mode) instead of changing everyone's copy.
 *
 * Left alone, because freezing them is impossible or means nothing: Buffers and typed arrays (freezing throws), Date, Map
 * and Set (their contents are not properties), class instances. Who mutates those mutates the cached value.
 *
 * Walks with a list instead of the stack, so no depth overflows it.
 *
 * @returns the same value.
 */
export function freezePlain<T>(value: T): T {
  if (!isFreezable(value)) return value;
  const pending: object[] = [value];
  /** Found frozen: by this walk a moment ago (a shared or cyclic reference), or by the caller, perhaps not all the way down. */
  let seenFrozen: Set<object> | undefined;
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (!Object.isFrozen(next)) {
      Object.freeze(next);
    } else {
      seenFrozen ??= new Set();
      if (seenFrozen.has(next)) continue;
      seenFrozen.add(next);
    }
    for (const child of Array.isArray(next) ? next : Object.values(next)) {
      if (isFreezable(child)) pending.push(child);
    }
  }
  return value;
}

function isFreezable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isPlainObject(value));
}
