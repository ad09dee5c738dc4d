/**
 * Search by meaning over 100,000 documents: how long an uncached search takes, and whether its order is that of a comparison
 * with every vector. The vectors are made at random around 300 topics, as wide as the local model's.
 *
 *   npm run build && node bench/search.mjs
 *
 * DATABASE_URL: a PostgreSQL whose tables of documents may be filled. Default: embedded PGlite in memory, with pgvector.
 * ROWS: default 100000. PGVECTOR=off: do without the index.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { createApp } from '../dist/create-app.js';
import { DATABASE } from '../dist/modules/database/index.js';
import { IndexQueueRepository } from '../dist/modules/documents/database/index-queue.repository.js';
import { NearestIndex } from '../dist/modules/documents/database/nearest-index.js';
import { VectorSpacesRepository } from '../dist/modules/documents/database/vector-spaces.repository.js';
import { VectorsRepository } from '../dist/modules/documents/database/vectors.repository.js';
import { DocumentSearch } from '../dist/modules/documents/search/document-search.js';
import { median, percentile } from './lib/rounds.mjs';

const ROWS = Number(process.env.ROWS ?? 100_000);
const DIMENSIONS = 512;
const LIMIT = 10;
const TOPICS = 300;
const hasPgvector = process.env.PGVECTOR !== 'off';

const app = await createApp({
  LOG_LEVEL: 'silent',
  DATABASE_DIR: 'memory://',
  DATABASE_STATEMENT_TIMEOUT: '1h',
  DOCUMENTS_INDEXING: 'false',
  CACHE_NAMESPACE: 'bench',
  DATABASE_URL: process.env.DATABASE_URL,
});
await app.init();
const get = (token) => app.get(token, { strict: false });
const database = get(DATABASE);

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const topics = Array.from({ length: TOPICS }, () => Array.from({ length: DIMENSIONS }, gaussian));
const vectors = new Map();
const lease = await fill();
const { space } = lease;
const index = get(NearestIndex);
if (hasPgvector) {
  const startedMs = performance.now();
  await database.execute(
    sql.raw(`create index if not exists document_vectors_nearest_${space.id} on document_vectors
    using hnsw ((vector::vector(${DIMENSIONS})) vector_cosine_ops) where space_id = ${space.id}`),
  );
  console.log(`HNSW index made in ${Math.round((performance.now() - startedMs) / 1_000)} s`);
}
if (hasPgvector !== (await index.has(space))) throw new Error('The index is not as it should be.');

const repository = get(VectorsRepository);
const exact = [];
for (let i = 0; i < 20; i++) {
  const query = vectorOfText();
  const found = (await repository.findNearest(space, query, LIMIT)).map(({ id }) => id);
  exact.push(nearest(query).filter((id, rank) => found[rank] === id).length);
}
const search = get(DocumentSearch);
const ASKER = { name: 'bench', isIsolated: false, requestsPerMinute: Infinity, textsPerDay: Infinity };
await search.find({ q: 'warm up', limit: LIMIT }, ASKER);
const taken = [];
for (let i = 0; i < 30; i++) {
  const startedMs = performance.now();
  await search.find({ q: `how do jars keep number ${i}`, limit: LIMIT }, ASKER);
  taken.push(performance.now() - startedMs);
}
console.log(
  `Uncached search of ${ROWS} documents on ${process.env.DATABASE_URL ? 'PostgreSQL' : 'PGlite'}, ${hasPgvector ? 'with' : 'without'} pgvector: median ${median(taken).toFixed(0)} ms, 90 % within ${percentile(taken, 0.9).toFixed(0)} ms; ${exact.reduce((a, b) => a + b, 0)} of ${20 * LIMIT} ranks as by comparison with every vector`,
);
await app.close();

async function fill() {
  await database.execute(sql`delete from documents`);
  const spaces = get(VectorSpacesRepository);
  const queue = get(IndexQueueRepository);
  if (!hasPgvector) await database.execute(sql`drop extension if exists vector cascade`);
  const made = await spaces.findOrCreate('local', DIMENSIONS);
  await database.execute(sql`drop index if exists ${sql.identifier(`document_vectors_nearest_${made.id}`)}`);
  const held = await spaces.lease(made, randomUUID());
  await database.execute(sql`
    insert into documents (title, body, author, topic)
    select 'Title ' || i, repeat('word ', 50 + i % 200), 'author ' || i % 500, 'topic ' || i % 40
    from generate_series(1, ${ROWS}::int) as i`);
  while (!(await queue.fill(held)));
  for (;;) {
    const queued = await queue.next(held, 500);
    if (queued.length === 0) break;
    const results = queued.map(({ id, revision }) => ({ id, revision, vector: vectorOfText() }));
    await queue.save(held, results);
    for (const { id, vector } of results) vectors.set(id, Float32Array.from(vector));
  }
  await database.execute(sql`analyze`);
  return held;
}

function vectorOfText() {
  const topic = topics[Math.floor(Math.random() * TOPICS)];
  const vector = topic.map((number) => number + 0.8 * gaussian());
  const length = Math.hypot(...vector);
  return vector.map((number) => Math.fround(number / length));
}

function nearest(query) {
  const scored = [];
  for (const [id, vector] of vectors) {
    let score = 0;
    for (let i = 0; i < DIMENSIONS; i++) score += vector[i] * query[i];
    scored.push({ id, score });
  }
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, LIMIT)
    .map(({ id }) => id);
}
