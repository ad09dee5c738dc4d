const { createCache } = await import(process.env.LARDER_ENTRY ?? '../../dist/index.js');

/** A cache of Larder's, when it is connected and follows the log. */
export async function larder(options) {
  const cache = createCache({ ttlMs: 600_000, ...options });
  if (options.redis === undefined) return cache;
  while (cache.stats().redis !== 'up' || !cache.stats().isCoherent)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return cache;
}
