/**
 * The saving of a cached expensive query: the facets of 100,000 documents from the database, from Redis and from memory.
 *
 *   npm run build && node bench/documents.mjs
 *
 * DATABASE_URL: a PostgreSQL whose documents table may be filled. Default: embedded PGlite in memory.
 * REDIS_URL: a Redis for the middle line. Default: that line is left out.
 * ROWS: default 100000.
 */
import { sql } from 'drizzle-orm';
import { createApp } from '../dist/create-app.js';
import { CACHE } from '../dist/modules/cache/index.js';
import { DATABASE } from '../dist/modules/database/index.js';
import { FacetsRepository } from '../dist/modules/documents/database/facets.repository.js';
import { DocumentsService } from '../dist/modules/documents/documents.service.js';
import { DOCUMENTS_CACHE } from '../dist/modules/documents/documents.tags.js';

const ROWS = Number(process.env.ROWS ?? 100_000);
const { DATABASE_URL, REDIS_URL } = process.env;

const app = await createApp({
  LOG_LEVEL: 'silent',
  DATABASE_DIR: 'memory://',
  DATABASE_URL,
  REDIS_URL,
  CACHE_NAMESPACE: 'bench',
});
await app.init();
const get = (token) => app.get(token, { strict: false });
const database = get(DATABASE);
const service = get(DocumentsService);
const repository = get(FacetsRepository);
const cache = get(CACHE).namespace(DOCUMENTS_CACHE);

await fill();
const fromDatabase = await medianMs(15, () => repository.countFacets());
await service.countFacets();
const fromMemory = await medianMs(20_000, () => service.countFacets());
const lines = [['database', fromDatabase]];
if (REDIS_URL) {
  const readRedis = () => cache.getOrLoad('facets', () => repository.countFacets(), { consistency: 'strict' });
  lines.push(['Redis hit', await medianMs(2_000, readRedis)]);
}
lines.push(['memory hit', fromMemory]);

console.log(`Facets of ${ROWS} documents, ${DATABASE_URL ? 'PostgreSQL' : 'PGlite'}, median:`);
for (const [name, ms] of lines) {
  console.log(
    `  ${name.padEnd(10)} ${format(ms).padStart(10)}  ${Math.round(fromDatabase / ms).toLocaleString('en')}×`,
  );
}
await cache.clear();
await app.close();

async function fill() {
  const { rows } = await database.execute(sql`select count(*)::int as count from documents`);
  const missing = ROWS - rows[0].count;
  if (missing <= 0) return;
  await database.execute(sql`
    insert into documents (title, body, author, topic, labels, created_at)
    select 'Title ' || i, repeat('word ', 50 + i % 200), 'author ' || (i * 7919) % 500, 'topic ' || (i * 31) % 40,
           array['label ' || i % 10], now() - (i % 1000) * interval '1 day'
    from generate_series(1, ${missing}::int) as i`);
  await database.execute(sql`analyze documents`);
}

async function medianMs(times, run) {
  for (let i = 0; i < Math.min(times, 3); i++) await run();
  const taken = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)];
}

function format(ms) {
  return ms < 1 ? `${(ms * 1_000).toFixed(1)} µs` : `${ms.toFixed(1)} ms`;
}
