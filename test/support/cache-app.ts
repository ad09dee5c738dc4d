import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { configSections } from '../../src/app.config.js';
import { AppConfigModule } from '../../src/common/config/app-config.module.js';
import { HttpModule } from '../../src/common/http/http.module.js';
import { type Cache, CACHE, cacheConfig, CacheModule, type CacheModuleOptions } from '../../src/modules/cache/index.js';
import { PATIENT_READS } from './patient-reads.js';
import { TEST_TOKEN } from './test-token.js';
import { redisConfig, RedisModule } from '../../src/modules/redis/index.js';
import { warmUpConfig, WarmUpModule } from '../../src/modules/warmup/index.js';

/** An application of a test's own controllers and providers, with the cache and nothing else of the service. */
export interface CacheApp {
  readonly url: string;
  readonly http: ReturnType<typeof supertest>;
  readonly nest: NestFastifyApplication;
  readonly cache: Cache;
  get<T>(token: Parameters<NestFastifyApplication['get']>[0]): T;
  close(): Promise<void>;
}

/** Options of the cache, and what a test does before the application starts. */
export interface CacheAppOptions extends CacheModuleOptions {
  prepare?(nest: NestFastifyApplication): unknown;
  adapter?: ConstructorParameters<typeof FastifyAdapter>[0];
}

/** Names the root module in Nest's messages. */
export class TestRoot {
  readonly isTest = true;
}

/** Starts it on a free loopback port, configured by nothing but `env`. */
export async function startCacheApp(
  parts: ModuleMetadata,
  env: NodeJS.ProcessEnv = {},
  { prepare, adapter = {}, ...cacheOptions }: CacheAppOptions = {},
): Promise<CacheApp> {
  const root: DynamicModule = {
    ...parts,
    module: TestRoot,
    imports: [
      AppConfigModule.forRoot({ LARDER_TOKEN: TEST_TOKEN, ...PATIENT_READS, ...env }, [
        ...new Set([...configSections, redisConfig, cacheConfig, warmUpConfig]),
      ]),
      HttpModule,
      RedisModule,
      CacheModule.forRoot(cacheOptions),
      WarmUpModule,
      ...(parts.imports ?? []),
    ],
  };
  const nest = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(adapter), {
    logger: false,
    abortOnError: false,
  });
  await prepare?.(nest);
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  const get = <T>(token: Parameters<NestFastifyApplication['get']>[0]) => nest.get<T>(token, { strict: false });
  return { url, http: supertest(url), nest, cache: get<Cache>(CACHE), get, close: () => nest.close() };
}
