import { type Identifier, identifierText } from '../../../common/identifier.js';

/** A value that names a user: text that is not empty, a bigint or a safe integer. */
export type UserId = Identifier;

/**
 * The text of a user id. Every store compares texts, so `42` and `'42'` are the same user.
 *
 * @throws TypeError for the empty text and for values that name no user: an object, `NaN`, a number above 2^53.
 */
export function userIdText(userId: unknown): string {
  const text = identifierText(userId);
  if (text === undefined) throw new TypeError('A user id must be a text that is not empty, a bigint or a safe integer');
  return text;
}
