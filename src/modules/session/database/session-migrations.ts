import type { MigrationSet } from '../../database/index.js';

/** Makes and changes the table of sessions. */
export const sessionMigrations: MigrationSet = {
  feature: 'session',
  folder: new URL('./migrations/', import.meta.url),
};
