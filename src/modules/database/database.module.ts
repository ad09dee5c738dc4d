import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type DatabaseConfig, databaseConfig } from './database.config.js';
import { DatabaseConnection } from './database-connection.js';
import { DatabaseErrorFilter } from './database-error.filter.js';
import { DATABASE } from './database.js';
import { EmbeddedDriver } from './drivers/embedded.driver.js';
import { PostgresDriver } from './drivers/postgres.driver.js';
import { MigrationRegistry, type MigrationSet } from './migration-registry.js';

/** Provides {@link DATABASE}, once per application. It is opened by its first use, so starting never waits for it. */
@Global()
@Module({
  providers: [
    MigrationRegistry,
    {
      provide: DatabaseConnection,
      useFactory: (config: DatabaseConfig, migrations: MigrationRegistry) =>
        new DatabaseConnection(config.url ? new PostgresDriver(config) : new EmbeddedDriver(config.dir), migrations),
      inject: [databaseConfig.KEY, MigrationRegistry],
    },
    { provide: APP_FILTER, useClass: DatabaseErrorFilter },
    { provide: DATABASE, useFactory: ({ database }: DatabaseConnection) => database, inject: [DatabaseConnection] },
  ],
  exports: [DATABASE, DatabaseConnection, MigrationRegistry],
})
export class DatabaseModule implements OnApplicationShutdown {
  /** By the time this runs no request is being served. */
  constructor(@Inject(DatabaseConnection) private readonly connection: DatabaseConnection) {}

  /**
   * What a feature imports: the database, with the feature's tables in it.
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

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

/** Registers one feature's migrations when the application is put together. */
@Module({})
class FeatureMigrationsModule {}
