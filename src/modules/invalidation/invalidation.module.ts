import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { ANNOUNCEMENTS, invalidationChannel } from '../cache/index.js';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
import { invalidationController } from './invalidation.controller.js';
import { InvalidationServer } from './invalidation.server.js';
import { MicroserviceAnnouncements } from './microservice-announcements.js';

/** Options of {@link InvalidationModule}. */
export interface InvalidationModuleOptions {
  /** The namespace of the cache. Instances with the same namespace receive each other's announcements. */
  readonly namespace: string;
}

/**
 * Cross-instance invalidation over Nest's Redis transport: a hybrid application receives announcements as events. The script
 * that invalidates also publishes the announcement, inside Redis, so neither can happen without the other. Announcements
 * that the bus loses are read from the log.
 *
 * @example
 * imports: [RedisModule, CacheModule.forRoot(), InvalidationModule.forRoot({ namespace: 'shop' })]
 * // main.ts
 * await startInvalidation(app);
 */
@Module({})
export class InvalidationModule {
  static forRoot({ namespace }: InvalidationModuleOptions): DynamicModule {
    return {
      module: InvalidationModule,
      global: true,
      controllers: [invalidationController(invalidationChannel(namespace))],
      providers: [
        MicroserviceAnnouncements,
        {
          provide: ANNOUNCEMENTS,
          useFactory: (pool: RedisPool | null, announcements: MicroserviceAnnouncements) =>
            pool === null ? null : announcements.source(),
          inject: [REDIS_POOL, MicroserviceAnnouncements],
        },
      ],
      exports: [ANNOUNCEMENTS],
    };
  }
}

/** Connects the microservice to an application. It does not wait for Redis, and subscribes when Redis can be reached. */
export async function startInvalidation(app: INestApplication): Promise<void> {
  const pool = app.get<RedisPool | null>(REDIS_POOL);
  if (pool === null) return;
  const announcements = app.get(MicroserviceAnnouncements, { strict: false });
  app.connectMicroservice({ strategy: new InvalidationServer(pool, () => announcements.confirmed()) });
  await app.startAllMicroservices();
}
