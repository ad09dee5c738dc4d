import { Logger } from '@nestjs/common';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheKey } from '../decorators/cached-method.js';
import { SAME_KEY } from './cache-binding.messages.js';
import { type MethodIdentity, nameOf } from './method-identity.js';

/**
 * Warns of two `@Cacheable` methods of one class whose key functions are written alike in one cache: `key: (id) => id` on both.
 * They fill each other's entries. The warning is none of the errors, because two methods may return the same thing.
 */
export class SharedKeyWarnings {
  private readonly logger = new Logger('Cache');
  /** By cache, class and text of the key function. */
  private readonly methods = new Map<string, string>();

  check(
    identity: MethodIdentity,
    cacheName: string,
    key: ((...args: Parameters<ErasedMethod>) => CacheKey) | undefined,
  ): void {
    if (!key) return;
    const name = nameOf(identity);
    const id = JSON.stringify([cacheName, identity.type.name, key.toString()]);
    const other = this.methods.get(id) ?? name;
    if (other !== name) this.logger.warn(SAME_KEY(name, other));
    this.methods.set(id, other);
  }
}
