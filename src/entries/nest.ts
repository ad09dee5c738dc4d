/** The entry `larder/nest`: the caching toolkit for any Nest application. */
export * from '../modules/cache/nest.js';
export * from '../modules/health/library.js';
export {
  InvalidationModule,
  type InvalidationModuleOptions,
  startInvalidation,
} from '../modules/invalidation/index.js';
export * from '../modules/metrics/library.js';
export { REDIS_POOL, type RedisPool, type RedisStatus, RedisStatusService } from '../modules/redis/index.js';
export {
  type ArgumentLists,
  WarmUp,
  WarmUpModule,
  type WarmUpModuleOptions,
  type WarmUpOptions,
  type WarmUpProgress,
  WarmUpRegistry,
  WarmUpRunner,
  type WarmUpSource,
  type WarmUpState,
} from '../modules/warmup/index.js';
