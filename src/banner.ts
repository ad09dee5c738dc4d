import type { INestApplication } from '@nestjs/common';
import { ServiceToken } from './common/http/guards/service-token.js';
import { type OperatorConfig, operatorConfig } from './common/http/guards/operator.config.js';
import { type HttpConfig, httpConfig } from './common/http/http.config.js';
import { CACHE, type Cache } from './modules/cache/index.js';
import { DatabaseConnection } from './modules/database/index.js';
import { KeyPolicy, ModelCatalog } from './modules/embedding/index.js';
import { REDIS_POOL, type RedisPool } from './modules/redis/index.js';

/**
 * The lines shown after the start: address of the service, its tiers and providers, and pages to open. They contain no other
 * address. On a terminal the links have the token that the service made for itself; elsewhere, where the lines may be kept, they
 * name its file. A configured token is never shown.
 */
export function banner(app: INestApplication, url: string, isTerminal: boolean): string {
  const { memory } = app.get<Cache>(CACHE).stats();
  const redis = app.get<RedisPool | null>(REDIS_POOL);
  const { kind } = app.get(DatabaseConnection).health();
  const pages = pagesOf(app, url, isTerminal);
  const rows = {
    tiers: `memory ${Math.round(memory.maxBytes / 2 ** 20)} MB, ${redis ? `Redis (${redis.topology})` : 'no Redis (REDIS_URL is not set)'}`,
    embeddings: embeddingsOf(app),
    database: kind === 'embedded' ? 'embedded PGlite (DATABASE_URL is not set)' : 'PostgreSQL',
    ...pages,
    ...tokenOf(app, isTerminal),
  };
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return ['', `  Larder serves at ${url}`, '', ...lines, ''].join('\n');
}

function embeddingsOf(app: INestApplication): string {
  const catalog = app.get(ModelCatalog, { strict: false });
  const model = catalog.list().find(({ id }) => id === catalog.defaultModel);
  const dimensions = model ? ` (${model.dimensions.default} dimensions)` : '';
  const key = {
    'api-key': 'with a key of EMBEDDING_API_KEYS',
    'service-token': 'with the token as API key (EMBEDDING_API_KEYS is not set)',
    nothing: 'without a key',
  }[app.get(KeyPolicy, { strict: false }).kind];
  return `${catalog.defaultModel}${dimensions}, ${key}`;
}

function pagesOf(app: INestApplication, url: string, isTerminal: boolean): Record<string, string> {
  const { adminToken } = app.get<OperatorConfig>(operatorConfig.KEY, { strict: false });
  const { docsAccess } = app.get<HttpConfig>(httpConfig.KEY, { strict: false });
  const token = app.get(ServiceToken);
  const isShown = isTerminal && adminToken === undefined && token.origin !== 'configured';
  const link = (path: string) => (isShown ? `${url}${path}#token=${token.value}` : `${url}${path}`);
  return {
    dashboard: link('/admin'),
    ...(docsAccess !== 'off' && { docs: docsAccess === 'public' ? `${url}/docs` : link('/docs') }),
  };
}

function tokenOf(app: INestApplication, isTerminal: boolean): { token: string } {
  const { value, origin, file } = app.get(ServiceToken);
  if (origin === 'configured') return { token: 'that of LARDER_TOKEN' };
  // Other instances have a token of their own, which a balancer's next request would need.
  const scope = app.get(REDIS_POOL) === null ? '' : ', for this instance alone: set LARDER_TOKEN for all';
  if (isTerminal) return { token: `${value}${scope}` };
  return { token: origin === 'file' ? `in ${file}${scope}` : `unknown: ${file} can not be written. Set LARDER_TOKEN` };
}
