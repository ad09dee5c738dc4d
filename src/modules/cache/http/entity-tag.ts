import { createHash } from 'node:crypto';

/** A strong entity tag of these bytes (RFC 9110 8.8.3). */
export function strongTag(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/** The tag of the same response in another coding: its bytes differ, so its strong tag does too. */
export function variantTag(tag: string, encoding: string): string {
  return encoding === 'identity' ? tag : `${tag.slice(0, -1)}-${encoding}"`;
}

/** Whether an `If-None-Match` names the tag, by weak comparison (RFC 9110 13.1.2). */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = tag.replace(/^W\//, '');
  return Array.from(ifNoneMatch.matchAll(/(?:W\/)?("[^"]*")/g)).some(([, candidate]) => candidate === opaque);
}
