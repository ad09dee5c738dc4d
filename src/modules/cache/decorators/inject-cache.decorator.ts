import { Inject } from '@nestjs/common';
import { CACHE, getCacheToken } from '../cache.tokens.js';

/**
 * Injects a `Cache`: the application's, or the one of a name from `CacheModule.forRoot({ name })` or `forFeature()`.
 *
 * @example
 * constructor(@InjectCache('products') private readonly cache: Cache) {}
 */
export function InjectCache(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(name === undefined ? CACHE : getCacheToken(name));
}
