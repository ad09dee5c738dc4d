/**
 * The engine against a plain Map, raw ioredis, BentoCache and cache-manager. `npm run bench:engine [scenario…]`
 *
 * ROUNDS: interleaved rounds per scenario, default 9. LARDER_ENTRY: another build to measure. LARDER_EARLIER_ENTRY: a build
 * (the path of its `dist/index.js`) that runs beside this one in the same rounds, without the peers.
 */
import { Redis } from 'ioredis';
import { coldKey } from './engine/cold-key.mjs';
import { fill } from './engine/fill.mjs';
import { manyMisses } from './engine/many-misses.mjs';
import { memoryHit } from './engine/memory-hit.mjs';
import { redisHit } from './engine/redis-hit.mjs';
import { vectors } from './engine/vectors.mjs';
import { visible } from './engine/visible.mjs';
import { pin } from './lib/pin.mjs';
import { startRedis } from './lib/redis.mjs';
import { printTable } from './lib/table.mjs';

const SCENARIOS = { memory: memoryHit, redis: redisHit, vectors, fill, cold: coldKey, misses: manyMisses, visible };

const wanted = process.argv.slice(2);
const redis = await startRedis();
const raw = new Redis(redis.url);
pin(redis.child.pid, 1);
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const rows = await run({ redis, raw, rounds: Number(process.env.ROUNDS ?? 9) });
  printTable(['scenario', 'contender', 'rate', 'ratio', 'target'], rows);
}
raw.disconnect();
await redis.stop();
process.exit(0);
