import { ConfigError, type ConfigSection } from '../../common/config/define-config.js';
import { redisConfig, redisPoolOptionsOf, redisSourceOf } from '../redis/index.js';
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
  return { ...optionsOfConfig(cache), redis: redisSourceOf(redis), redisPool: redisPoolOptionsOf(redis) };
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
