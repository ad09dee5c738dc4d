import { ConfigError, type ConfigSection } from '../../common/config/define-config.js';
import {
  type RedisConfig,
  redisConfig,
  type RedisPoolOptions,
  redisPoolOptionsOf,
  redisSourceOf,
} from '../redis/index.js';
import { cacheConfig } from './cache.config.js';
import type { CacheModuleOptions } from './cache.module-options.js';
import { optionsOfConfig } from './cache.settings.js';

/**
 * Options of `CacheModule.forRoot()` from the environment: `REDIS_URL`, `REDIS_*` and `CACHE_*`, as
 * docs/guides/configuration.md describes them. Nothing else of the toolkit reads the environment.
 *
 * @param env Default `process.env`.
 * @throws ConfigError naming every invalid variable, never its value.
 * @example
 * CacheModule.forRoot({ ...fromEnv(), namespace: 'shop' })
 */
export function fromEnv(env: NodeJS.ProcessEnv = process.env): CacheModuleOptions {
  const problems: string[] = [];
  const cache = parse(cacheConfig, env, problems);
  const redis = parse(redisConfig, env, problems);
  if (!cache || !redis) throw new ConfigError(problems);
  return { ...optionsOfConfig(cache), redis: redisSourceOf(redis), redisPool: poolOptionsOf(redis, env) };
}

/** Without `REDIS_PROBE_PREFIX` the probe's key begins with the namespace, which may be an option beside these. */
function poolOptionsOf(redis: RedisConfig, env: NodeJS.ProcessEnv): RedisPoolOptions {
  const { monitor, ...options } = redisPoolOptionsOf(redis);
  const { probeKeyPrefix: _default, ...rest } = monitor ?? {};
  return { ...options, monitor: env['REDIS_PROBE_PREFIX'] ? monitor : rest };
}

function parse<S extends ConfigSection>(
  section: S,
  env: NodeJS.ProcessEnv,
  problems: string[],
): ReturnType<S['parse']> | undefined {
  try {
    return section.parse(env) as ReturnType<S['parse']>;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
