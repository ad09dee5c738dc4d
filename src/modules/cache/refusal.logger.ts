import { Logger } from '@nestjs/common';
import type { Cache } from './engine/contract/cache.js';

/**
 * Writes to the log that a cache does not use Redis although it answers, with the reason, and that it uses it again.
 *
 * @returns a function that ends it.
 */
export function logRefusals(cache: Cache): () => void {
  const logger = new Logger('Cache');
  let wasRefused = false;
  return cache.on('coherence', ({ isCoherent, reason }) => {
    const isRefused = cache.stats().refusal !== undefined;
    if (isRefused) logger.error(`${cache.name} works from memory, without Redis: ${reason}. See docs/guides/redis.md.`);
    else if (wasRefused && isCoherent) logger.log(`${cache.name} uses Redis again.`);
    wasRefused = isRefused || (wasRefused && !isCoherent);
  });
}
