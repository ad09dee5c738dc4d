import { type DynamicModule, Inject, Module, type ModuleMetadata, type OnApplicationShutdown } from '@nestjs/common';
import { AvailabilityLogger } from './availability.logger.js';
import { createRedisPool, type RedisPoolOptions } from './clients/redis-pool.js';
import { UsageWatcher } from './memory/usage.watcher.js';
import { RedisStatusService } from './redis-status.service.js';
import { type RedisConfig, redisConfig } from './redis.config.js';
import { APPLICATION_REDIS_POOL, OWN_REDIS_POOL, REDIS_POOL } from './redis.tokens.js';
import type { RedisPool, RedisSource } from './redis.types.js';

/** A Redis that a module was given by its options instead of the configuration. */
export interface RedisSourceOptions {
  /** A URL, ioredis options, nodes of a Cluster, a client or a pool. Clients and pools are used and never closed. Default: the Redis of `RedisModule`, if the application has one. */
  readonly redis?: RedisSource | RedisPool | undefined;
  /** Settings of the pool that is made for `redis`. */
  readonly redisPool?: RedisPoolOptions | undefined;
}

/** Where the options come from. */
export interface RedisSourceFactory extends Pick<ModuleMetadata, 'imports'> {
  /** True: the whole application has this Redis. False: only modules that import this module. */
  readonly isGlobal: boolean;
  /** First part of the key that the availability probe writes. */
  readonly namespaceOf: (options: RedisSourceOptions) => string | undefined;
  /** Token of the {@link RedisSourceOptions}. */
  readonly optionsToken: symbol | string;
}

/** Provides {@link REDIS_POOL} of a Redis that is given by options, with its log lines, usage and status. */
@Module({})
export class RedisSourceModule implements OnApplicationShutdown {
  constructor(@Inject(OWN_REDIS_POOL) private readonly own: RedisPool | null) {}

  static forFactory({ imports = [], isGlobal, optionsToken, namespaceOf }: RedisSourceFactory): DynamicModule {
    return {
      module: RedisSourceModule,
      global: isGlobal,
      imports,
      providers: [
        {
          provide: OWN_REDIS_POOL,
          useFactory: (options: RedisSourceOptions) => poolOf(options, namespaceOf(options)),
          inject: [optionsToken],
        },
        {
          provide: REDIS_POOL,
          useFactory: (
            { redis }: RedisSourceOptions,
            own: RedisPool | null,
            application: RedisPool | null | undefined,
          ) => own ?? (isPool(redis) ? redis : (application ?? null)),
          inject: [optionsToken, OWN_REDIS_POOL, { token: APPLICATION_REDIS_POOL, optional: true }],
        },
        {
          provide: redisConfig.KEY,
          useFactory: ({ redis }: RedisSourceOptions): RedisConfig => ({
            ...redisConfig.parse({}),
            url: typeof redis === 'string' ? redis : undefined,
          }),
          inject: [optionsToken],
        },
        {
          provide: UsageWatcher,
          useFactory: (own: RedisPool | null, config: RedisConfig) => new UsageWatcher(own, config),
          inject: [OWN_REDIS_POOL, redisConfig.KEY],
        },
        {
          provide: AvailabilityLogger,
          useFactory: (own: RedisPool | null) => new AvailabilityLogger(own),
          inject: [OWN_REDIS_POOL],
        },
        RedisStatusService,
      ],
      exports: [REDIS_POOL, RedisStatusService, UsageWatcher],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.own?.close();
  }
}

/** The pool of a source; `null` where there is none, or where the application gave a pool of its own. */
function poolOf({ redis, redisPool }: RedisSourceOptions, namespace: string | undefined): RedisPool | null {
  if (redis === undefined || isPool(redis)) return null;
  const monitor = { ...(namespace === undefined ? {} : { probeKeyPrefix: namespace }), ...redisPool?.monitor };
  return createRedisPool(redis, { ...redisPool, monitor });
}

function isPool(source: RedisSource | RedisPool | undefined): source is RedisPool {
  return typeof source === 'object' && 'monitor' in source && 'subscriber' in source;
}
