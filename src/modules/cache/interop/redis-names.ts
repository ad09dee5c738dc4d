import { createHash } from 'node:crypto';

/** Begins names that are made here; a key that begins with it is encoded too. */
const ENCODED = '~u16:';
/** Keyv's default namespace: its keys keep the names that they had before namespaces were respected. */
const DEFAULT_NAMESPACE = 'keyv';

/** Names of one Keyv namespace in Redis. */
export class RedisNames {
  /** Of every key of the namespace, and of no key of another one. */
  readonly prefix: string;

  /** @param root the prefix of the store, which ends with `:`. */
  constructor(root: string, namespace: string | undefined) {
    const isDefault = namespace === undefined || namespace === '' || namespace === DEFAULT_NAMESPACE;
    this.prefix = isDefault ? root : `${root.slice(0, -1)}/${namespaceText(namespace)}:`;
  }

  /** The name of any key, also of the empty one and of those with lone surrogates, which UTF-8 can't carry. */
  nameOf(key: string): string {
    const isPlain = key.isWellFormed() && !key.startsWith(ENCODED);
    return this.prefix + (isPlain ? key : ENCODED + Buffer.from(key, 'utf16le').toString('base64url'));
  }

  /** The key of a name that {@link nameOf} gave. */
  keyOf(name: string): string {
    const text = name.slice(this.prefix.length);
    if (!text.startsWith(ENCODED)) return text;
    return Buffer.from(text.slice(ENCODED.length), 'base64url').toString('utf16le');
  }
}

/** Without `:` and `/`, so that no prefix begins another. */
function namespaceText(namespace: string): string {
  if (namespace.isWellFormed()) return encodeURIComponent(namespace);
  return `~${createHash('sha256').update(Buffer.from(namespace, 'utf16le')).digest('base64url')}`;
}
