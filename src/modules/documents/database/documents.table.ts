import { integer, pgTable, primaryKey, real, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const moment = (name: string) =>
  timestamp(name, { withTimezone: true, precision: 3, mode: 'date' }).notNull().defaultNow();

/** See `migrations/0001_documents.sql`. */
export const documentsTable = pgTable('documents', {
  id: uuid().primaryKey().defaultRandom(),
  title: text().notNull(),
  body: text().notNull(),
  author: text().notNull(),
  topic: text().notNull(),
  labels: text().array().notNull().default([]),
  version: integer().notNull().default(1),
  createdAt: moment('created_at'),
  updatedAt: moment('updated_at'),
});

/** See `migrations/0002_document_vectors.sql`. */
export const documentVectorsTable = pgTable(
  'document_vectors',
  {
    documentId: uuid('document_id').notNull(),
    model: text().notNull(),
    version: integer().notNull(),
    vector: real().array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.documentId, table.model] })],
);
