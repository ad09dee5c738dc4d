import { bigint, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Sessions, living and recently dead. The data is JSON in a text column: `jsonb` refuses `\u0000` and reorders members. */
export const sessionTable = pgTable('larder_session', {
  id: text('id').primaryKey(),
  userId: text('user_id'),
  data: text('data').notNull(),
  version: integer('version').notNull(),
  createdAt: time('created_at').notNull(),
  seenAt: time('seen_at').notNull(),
  expiresAt: time('expires_at').notNull(),
  absoluteExpiresAt: time('absolute_expires_at').notNull(),
  revokedAt: time('revoked_at'),
  /** JSON. */
  client: text('client'),
  idleTimeoutMs: bigint('idle_timeout_ms', { mode: 'number' }),
});

/** A row of it. */
export type SessionRow = typeof sessionTable.$inferSelect;
