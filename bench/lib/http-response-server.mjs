/**
 * Two applications with the same routes: one answers from memory, one from Redis only. Tells its ports to the parent, and
 * its processor time when asked.
 */
import 'reflect-metadata';
import { CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, Get, UseGuards, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { configSections } from '../../dist/app.config.js';
import { AppConfigModule } from '../../dist/common/config/app-config.module.js';
import { CacheManagerModule, CacheModule, CacheResponse, cacheConfig } from '../../dist/modules/cache/index.js';
import { RedisModule, redisConfig } from '../../dist/modules/redis/index.js';

class Root {
  name = 'bench';
}

/** About 2 KB as JSON. */
const makeBody = () => ({
  items: Array.from({ length: 16 }, (_, id) => ({
    id,
    name: `product number ${id}`,
    price: id * 1.5,
    tags: ['new', 'blue'],
    note: 'x'.repeat(40),
  })),
});

class Routes {
  bare() {
    return makeBody();
  }
  cached() {
    return makeBody();
  }
  interceptor() {
    return makeBody();
  }
}

class GuardedRoutes {
  bare() {
    return makeBody();
  }
  cached() {
    return makeBody();
  }
}

class Guard {
  canActivate() {
    return true;
  }
}

decorate(Routes, 'bare', Get('bare'));
decorate(Routes, 'cached', Get('cached'), CacheResponse({ ttl: '1h', compress: false }));
decorate(Routes, 'interceptor', Get('interceptor'), UseInterceptors(CacheInterceptor));
Controller()(Routes);
decorate(GuardedRoutes, 'bare', Get('bare'));
decorate(GuardedRoutes, 'cached', Get('cached'), CacheResponse({ ttl: '1h', scope: 'public', compress: false }));
UseGuards(new Guard())(GuardedRoutes);
Controller('guarded')(GuardedRoutes);

const redis = process.env.BENCH_REDIS_URL;
process.send({
  memory: await listen({ CACHE_TTL: '1h' }),
  redis: redis ? await listen({ CACHE_TTL: '1h', REDIS_URL: redis, CACHE_MEMORY_MAX_BYTES: '0' }) : undefined,
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});

async function listen(env) {
  const root = {
    module: Root,
    imports: [
      AppConfigModule.forRoot(env, [...new Set([...configSections, redisConfig, cacheConfig])]),
      RedisModule,
      CacheModule.forRoot(),
      CacheManagerModule,
    ],
    controllers: [Routes, GuardedRoutes],
  };
  const app = await NestFactory.create(root, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return Number(new URL(await app.getUrl()).port);
}

function decorate(type, name, ...decorators) {
  for (const each of decorators) each(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
}
