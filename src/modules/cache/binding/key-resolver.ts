import { boundedStableKey, UnstableKeyError } from '../../../common/stable-key.js';
import type { CacheKey } from '../decorators/cached-method.js';
import { BAD_KEY, UNSTABLE_KEY } from './cache-binding.messages.js';
import { type MethodIdentity, nameOf } from './method-identity.js';

/** First characters of generated keys. A given key that begins with one of them is escaped, so that it can't equal a generated key. */
const PARTS = '(';
const DEFAULT = '@';
const ESCAPED = '\\';

/** Makes the keys of a method. Without a namespace they begin with the name of the class: `ProductsService:42`. */
export class KeyResolver {
  private readonly name: string;
  private readonly prefix: string;

  constructor(method: MethodIdentity, namespace: string | undefined) {
    this.name = nameOf(method);
    this.prefix = namespace === undefined ? `${method.type.name}:` : '';
  }

  /** The key of a call without a key function. @throws TypeError naming the method, for arguments no key can be made of. */
  ofArguments(args: readonly unknown[]): string {
    return `${DEFAULT}${this.name}:${this.stable(args)}`;
  }

  /** @throws TypeError naming the method, for an empty key and for parts no key can be made of. */
  of(key: CacheKey): string {
    if (Array.isArray(key)) return `${this.prefix}${PARTS}${this.stable(key)}`;
    if (typeof key !== 'string' || key === '') throw new TypeError(BAD_KEY(this.name));
    const isMarked = key.startsWith(PARTS) || key.startsWith(DEFAULT) || key.startsWith(ESCAPED);
    return `${this.prefix}${isMarked ? ESCAPED : ''}${key}`;
  }

  private stable(parts: readonly unknown[]): string {
    try {
      return boundedStableKey(parts);
    } catch (error) {
      if (!(error instanceof UnstableKeyError)) throw error;
      throw new TypeError(UNSTABLE_KEY(this.name, error.what), { cause: error });
    }
  }
}
