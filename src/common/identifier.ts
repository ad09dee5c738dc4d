/** An id as applications have it: of a user, a tenant, a key or another owner. */
export type Identifier = string | number | bigint;

/**
 * The text of an id. The same rule decides everywhere whose something is: a text that is not empty, a `bigint` or a safe
 * integer. `undefined` for every other value. Two objects (an ObjectId, an array) may have the same text and numbers above
 * 2^53 are rounded, so such an id could name two owners.
 */
export function identifierText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : undefined;
}
