export * from './library.js';
export { type DatabaseConfig, databaseConfig } from './database.config.js';
export { DatabaseConnection, type DatabaseHealth } from './database-connection.js';
export { DatabaseModule } from './database.module.js';
export { type MigrationSet } from './migration-registry.js';
