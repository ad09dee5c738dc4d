/** A value that names a user: text that is not empty, a bigint or a safe integer. */
export type UserId = string | bigint | number;

/**
 * The text of a user id. Every store compares texts, so `42` and `'42'` are the same user.
 *
 * @throws TypeError for the empty text and for values that name no user: an object, `NaN`, a number above 2^53.
 */
export function userIdText(userId: unknown): string {
  if (typeof userId === 'string' && userId !== '') return userId;
  if (typeof userId === 'bigint' || (typeof userId === 'number' && Number.isSafeInteger(userId))) return String(userId);
  throw new TypeError('A user id must be a text that is not empty, a bigint or a safe integer');
}
