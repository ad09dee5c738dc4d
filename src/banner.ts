import type { INestApplication } from '@nestjs/common';
import { CACHE, type Cache } from './modules/cache/index.js';
import { DatabaseConnection } from './modules/database/index.js';
import { ModelCatalog } from './modules/embedding/index.js';
import { REDIS_POOL, type RedisPool } from './modules/redis/index.js';

/** The lines shown after the start: address of the service, its tiers and providers, and pages to open. They contain no other address and no secret. */
export function banner(app: INestApplication, url: string): string {
  const { memory } = app.get<Cache>(CACHE).stats();
  const redis = app.get<RedisPool | null>(REDIS_POOL);
  const { kind } = app.get(DatabaseConnection).health();
  const catalog = app.get(ModelCatalog, { strict: false });
  const model = catalog.list().find(({ id }) => id === catalog.defaultModel);
  const rows = {
    tiers: `memory ${Math.round(memory.maxBytes / 2 ** 20)} MB, ${redis ? `Redis (${redis.topology})` : 'no Redis (REDIS_URL is not set)'}`,
    embeddings: `${catalog.defaultModel}${model ? ` (${model.dimensions.default} dimensions)` : ''}`,
    database: kind === 'embedded' ? 'embedded PGlite (DATABASE_URL is not set)' : 'PostgreSQL',
    docs: `${url}/docs`,
    dashboard: `${url}/admin`,
  };
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return ['', `  Larder serves at ${url}`, '', ...lines, ''].join('\n');
}
