import type { CacheConfigOptions } from './cache-config.options.js';
import { setClassDefaults } from './cache-metadata.js';

/**
 * Defaults for the cached methods of a class and of those that extend it (a subclass's own `@CacheConfig` replaces it).
 *
 * @example
 * @CacheConfig({ namespace: 'products', ttl: '10m', grace: '1h' })
 * @Injectable()
 * export class ProductsService { ... }
 */
export function CacheConfig(options: CacheConfigOptions): ClassDecorator {
  return (target) => setClassDefaults(target, options);
}
