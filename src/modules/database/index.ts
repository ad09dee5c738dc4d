export { DATABASE, type Database, type Transaction } from './database.js';
export { type DatabaseConfig, databaseConfig } from './database.config.js';
export { DatabaseConnection, type DatabaseHealth } from './database-connection.js';
export { DatabaseUnavailableError, describeDatabaseError, isOutcomeUnknown, isUnavailable, isUniqueViolation, sqlStateOf } from './database.errors.js';
export { DatabaseModule } from './database.module.js';
export { type MigrationSet } from './migration-registry.js';
