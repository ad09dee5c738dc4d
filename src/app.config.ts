import type { ConfigSection } from './common/config/define-config.js';
import { httpConfig } from './common/http/http.config.js';
import { operatorConfig } from './common/http/guards/operator.config.js';
import { loggingConfig } from './common/logging/logging.config.js';
import { cacheConfig } from './modules/cache/cache.config.js';
import { databaseConfig } from './modules/database/database.config.js';
import { documentsConfig } from './modules/documents/documents.config.js';
import { embeddingConfig } from './modules/embedding/embedding.config.js';
import { healthConfig } from './modules/health/health.config.js';
import { redisConfig } from './modules/redis/redis.config.js';
import { sessionConfig } from './modules/session/session.config.js';
import { warmUpConfig } from './modules/warmup/warm-up.config.js';

/** Every section of the service's configuration, in the order of `.env.example`. */
export const configSections: readonly ConfigSection[] = [
  httpConfig,
  operatorConfig,
  loggingConfig,
  redisConfig,
  cacheConfig,
  databaseConfig,
  embeddingConfig,
  sessionConfig,
  documentsConfig,
  warmUpConfig,
  healthConfig,
];
