import { freshRandomBytes } from '../../../../common/random-bytes.js';

/** Characters of one half of a version: 72 random bits, base64url. */
const HALF_LENGTH = 12;

/**
 * The version of a tag or a namespace: 24 characters, 12 that change when it is invalidated (hard) and 12 that change
 * when it is expired (soft). Random and never reused: a version that was lost (evicted, rolled back) is made anew and
 * can't equal one that an entry was stored under.
 */
export type Version = string;

/** A version never seen before. */
export function newVersion(): Version {
  return freshRandomBytes(18).toString('base64url');
}

/** Whether text from outside has a version's shape. */
export function isVersion(text: unknown): text is Version {
  return typeof text === 'string' && /^[\w-]{24}$/.test(text);
}

/** Whether both were made by the same invalidation; they may differ by an expiry. */
export function isSameHard(a: Version, b: Version): boolean {
  return a === b || a.slice(0, HALF_LENGTH) === b.slice(0, HALF_LENGTH);
}
