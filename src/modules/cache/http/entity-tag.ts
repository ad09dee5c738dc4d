import { createHash } from 'node:crypto';

/** A member of `If-None-Match`: a quoted tag, or the text of an invalid, unquoted one. */
const MEMBER = /(W\/)?("[^"]*")|[^\s,]+/g;

/** A strong entity tag of these bytes (RFC 9110 8.8.3). */
export function strongTag(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/** The tag of the same response in another coding: its bytes differ, so its strong tag does too. */
export function variantTag(tag: string, encoding: string): string {
  if (encoding === 'identity') return tag;
  return tag.endsWith('"') ? `${tag.slice(0, -1)}-${encoding}"` : `${tag}-${encoding}`;
}

/**
 * Whether an `If-None-Match` names the tag, by weak comparison (RFC 9110 13.1.2). A handler's tag without quotes, which is
 * invalid, is the same as the text without quotes alone.
 */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = tag.replace(/^W\/(?=")/, '');
  return Array.from(ifNoneMatch.matchAll(MEMBER)).some(([member, , quoted]) => (quoted ?? member) === opaque);
}
