/**
 * The cost of a cached query beside its database: Drizzle over a driver that answers at once.
 *
 *   npm run build && node bench/queries.mjs
 *
 * DIST: the folder of another build, to compare with.
 */
import { eq } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/pg-proxy';

const { cacheQueries, createCache } = await import(
  new URL(`${process.env.DIST ?? '../dist'}/index.js`, import.meta.url)
);

const notes = pgTable('notes', { id: integer().primaryKey(), text: text() });
const plain = drizzle(async () => ({ rows: [[1, 'one']] }));
const cache = createCache();
const cached = cacheQueries(plain, cache.namespace('bench'), { ttlMs: 3_600_000 });
const query = (db) => db.select().from(notes).where(eq(notes.id, 1));
const bulk = (db, count) => db.insert(notes).values(Array.from({ length: count }, (_, id) => ({ id, text: 'x' })));

const firstStart = performance.now();
await query(cached).$withCache();
console.log(`first query of the process   ${(performance.now() - firstStart).toFixed(1)} ms`);
for (const [name, run] of [
  ['query without cache', () => query(plain)],
  ['unmarked query', () => query(cached)],
  ['hit in memory', () => query(cached).$withCache()],
  ['update', () => cached.update(notes).set({ text: 'x' }).where(eq(notes.id, 1))],
  ['insert of 1,000 rows, plain', () => bulk(plain, 1_000)],
  ['insert of 1,000 rows', () => bulk(cached, 1_000)],
]) {
  const rounds = name.startsWith('insert') ? 300 : 20_000;
  for (let i = 0; i < rounds / 4; i++) await run();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) await run();
  console.log(`${name.padEnd(28)} ${(((performance.now() - start) / rounds) * 1_000).toFixed(1)} µs`);
}
await cache.close();
