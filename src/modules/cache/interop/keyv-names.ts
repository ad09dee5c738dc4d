import { createHash } from 'node:crypto';

/** Longer keys go into Redis as a hash. */
const MAX_KEY_LENGTH = 180;
const PLAIN_NAMESPACE = /^[\w.-]{1,60}$/;
/** First characters of names that are made here. A key that begins with one of them is escaped by the first. */
const ESCAPED = '\u0000';
const HASHED = '\u0001';

/**
 * The name of a Keyv key in the cache. Every key has a name of its own: the empty one, those with lone surrogates, which
 * UTF-8 can't carry, and those that look like a name made here.
 */
export function entryKeyOf(key: string): string {
  if (key.length > MAX_KEY_LENGTH || !key.isWellFormed()) return HASHED + hashOf(key);
  return key === '' || key.startsWith(ESCAPED) || key.startsWith(HASHED) ? ESCAPED + key : key;
}

/** The name of a Keyv namespace, any text, as a namespace of the cache. */
export function namespaceNameOf(namespace: string | undefined): string {
  if (namespace === undefined || namespace === '') return 'none';
  return PLAIN_NAMESPACE.test(namespace) ? `n-${namespace}` : `h-${hashOf(namespace)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');
}
