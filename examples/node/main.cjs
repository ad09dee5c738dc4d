const { createCache } = require('larder');

async function main() {
  const cache = createCache({ namespace: 'node-example', redis: process.env['REDIS_URL'], ttlMs: 60_000 });
  const load = async () => ({ id: 42, loadedAt: new Date() });

  const first = await cache.getOrLoad('product:42', load, { tags: ['products'] });
  const second = await cache.getOrLoad('product:42', load, { tags: ['products'] });
  console.log('the second read is a hit:', first.loadedAt.getTime() === second.loadedAt.getTime());
  console.log('invalidation:', (await cache.invalidateTags(['products'])).status);
  console.log('then it is a miss:', (await cache.get('product:42')) === undefined);
  await cache.close();
}

void main();
