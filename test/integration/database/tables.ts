import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** Made by `migrations/`. */
export const notes = pgTable('notes', { id: integer().primaryKey(), text: text().notNull() });

export const readers = pgTable('readers', {
  id: integer().primaryKey(),
  noteId: integer('note_id').notNull(),
  profile: jsonb().$type<Record<string, unknown>>().notNull().default({}),
});
