import { boundedStableKey, UnstableKeyError } from '../../../common/stable-key.js';
import type { CacheKey } from '../decorators/cached-method.js';
import { type ContextKeys, readContext } from '../decorators/context-values.js';
import { BAD_KEY, UNSTABLE_KEY } from './cache-binding.messages.js';
import { classNameOf, type MethodIdentity, nameOf } from './method-identity.js';

/** First characters of generated keys. A given key that begins with one of them is escaped, so that it can't equal a generated key. */
const PARTS = '(';
const DEFAULT = '@';
const CONTEXT = '~';
const ESCAPED = '\\';

/**
 * Makes the keys of a method. Without a namespace they begin with the name of the class: `ProductsService:42`. The values of
 * `contextKeys` come before the rest.
 */
export class KeyResolver {
  /** `Class@method`. */
  readonly methodName: string;
  private readonly prefix: string;
  private readonly hasContext: boolean;

  constructor(
    method: MethodIdentity,
    namespace: string | undefined,
    private readonly contextKeys: ContextKeys = {},
  ) {
    this.methodName = nameOf(method);
    this.prefix = namespace === undefined ? `${classNameOf(method.type)}:` : '';
    this.hasContext = Object.keys(contextKeys).length > 0;
  }

  /**
   * What the keys of a call begin with: the values of `contextKeys`. `undefined` when one of them is invalid: no entry
   * belongs to such a call.
   */
  context(): string | undefined {
    if (!this.hasContext) return '';
    const values = readContext(this.contextKeys);
    return values && `${CONTEXT}${this.stable([values])}:`;
  }

  /** The key of a call without a key function. @throws TypeError naming the method, for arguments no key can be made of. */
  ofArguments(args: readonly unknown[], context = ''): string {
    return `${context}${DEFAULT}${this.methodName}:${this.stable(args)}`;
  }

  /** @throws TypeError naming the method, for an empty key and for parts no key can be made of. */
  of(key: CacheKey, context = ''): string {
    const prefix = `${this.prefix}${context}`;
    if (Array.isArray(key)) return `${prefix}${PARTS}${this.stable(key)}`;
    if (typeof key !== 'string' || key === '') throw new TypeError(BAD_KEY(this.methodName));
    const isMarked = [PARTS, DEFAULT, CONTEXT, ESCAPED].some((mark) => key.startsWith(mark));
    return `${prefix}${isMarked ? ESCAPED : ''}${key}`;
  }

  private stable(parts: readonly unknown[]): string {
    try {
      return boundedStableKey(parts);
    } catch (error) {
      if (!(error instanceof UnstableKeyError)) throw error;
      throw new TypeError(UNSTABLE_KEY(this.methodName, error.what), { cause: error });
    }
  }
}
