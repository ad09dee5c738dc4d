import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { ANNOUNCEMENTS, invalidationChannel } from '../cache/nest.js';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
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
 * imports: [CacheModule.forRoot({ namespace: 'shop', redis: url }), InvalidationModule.forRoot({ namespace: 'shop' })]
 * // main.ts
 * await startInvalidation(app);
 */
@Module({})
export class InvalidationModule {
  /** A promise, because `@nestjs/microservices` is loaded only by applications that use this module. */
  static async forRoot({ namespace }: InvalidationModuleOptions): Promise<DynamicModule> {
    const { invalidationController } = await import('./invalidation.controller.js');
    return {
      module: InvalidationModule,
      global: true,
      controllers: [invalidationController(invalidationChannel(namespace))],
      providers: [
        MicroserviceAnnouncements,
        {
          provide: ANNOUNCEMENTS,
          useFactory: (pool: RedisPool | null | undefined, announcements: MicroserviceAnnouncements) =>
            pool ? announcements.source() : null,
          inject: [{ token: REDIS_POOL, optional: true }, MicroserviceAnnouncements],
        },
      ],
      exports: [ANNOUNCEMENTS],
    };
  }
}

/** Connects the microservice to an application. It does not wait for Redis, and subscribes when Redis can be reached. */
export async function startInvalidation(app: INestApplication): Promise<void> {
  const pool = poolOf(app);
  if (pool === null) return;
  const { InvalidationServer } = await import('./invalidation.server.js');
  const announcements = app.get(MicroserviceAnnouncements, { strict: false });
  app.connectMicroservice({ strategy: new InvalidationServer(pool, () => announcements.confirmed()) });
  await app.startAllMicroservices();
}

/** The Redis of the application's cache; `null` without one. */
function poolOf(app: INestApplication): RedisPool | null {
  try {
    return app.get<RedisPool | null>(REDIS_POOL, { strict: false });
  } catch {
    return null;
  }
}
