import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type DatabaseConfig, databaseConfig } from './database.config.js';
import { DatabaseConnection, type DatabaseListener } from './database-connection.js';
import { DatabaseErrorFilter } from './database-error.filter.js';
import { DATABASE } from './database.js';
import { EmbeddedDriver } from './drivers/embedded/embedded.driver.js';
import { PostgresDriver } from './drivers/postgres.driver.js';
import { MigrationRegistry, type MigrationSet } from './migration-registry.js';

/**
 * Provides {@link DATABASE}, once per application. Starting never waits for it: PostgreSQL is opened in the background
 * after the start, so that health knows of a wrong `DATABASE_URL`; the embedded database is opened by its first use.
 */
@Global()
@Module({
  providers: [
    MigrationRegistry,
    {
      provide: DatabaseConnection,
      useFactory: (config: DatabaseConfig, migrations: MigrationRegistry) =>
        new DatabaseConnection(config.url ? new PostgresDriver(config) : new EmbeddedDriver(config), migrations, {
          listener: logChanges(),
        }),
      inject: [databaseConfig.KEY, MigrationRegistry],
    },
    { provide: APP_FILTER, useClass: DatabaseErrorFilter },
    { provide: DATABASE, useFactory: ({ database }: DatabaseConnection) => database, inject: [DatabaseConnection] },
  ],
  exports: [DATABASE, DatabaseConnection, MigrationRegistry],
})
export class DatabaseModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(DatabaseConnection) private readonly connection: DatabaseConnection) {}

  /**
   * The module for a feature to import: the database with the feature's tables.
   *
   * @example
   * imports: [DatabaseModule.forFeature({ feature: 'documents', folder: new URL('./database/migrations/', import.meta.url) })]
   */
  static forFeature(set: MigrationSet): DynamicModule {
    return {
      module: FeatureMigrationsModule,
      imports: [DatabaseModule],
      providers: [
        {
          provide: `larder:migrations:${set.feature}`,
          useFactory: (registry: MigrationRegistry) => registry.register(set),
          inject: [MigrationRegistry],
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    // The listener logs a failure, and attempts go on.
    if (this.connection.health().kind === 'postgres') this.connection.ready().catch(() => undefined);
  }

  /** Closed in onApplicationShutdown, when no request is being served any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

/** Registers the migrations of one feature when the application is created. */
@Module({})
class FeatureMigrationsModule {}

function logChanges(): DatabaseListener {
  const logger = new Logger('Database');
  return {
    onLost: (reason) => logger.warn(`The database can not serve: ${reason}. It is tried again in the background`),
    onReady: () => logger.log('The database is ready'),
  };
}
