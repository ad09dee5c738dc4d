import { customType, integer, pgTable, primaryKey, real, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const moment = (name: string) =>
  timestamp(name, { withTimezone: true, precision: 3, mode: 'date' }).notNull().defaultNow();
const bits = customType<{ data: string }>({ dataType: () => 'bit varying' });

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
  searchProblem: text('search_problem'),
});

/** See `migrations/0003_document_index.sql`. */
export const documentVectorsTable = pgTable(
  'document_vectors',
  {
    spaceId: integer('space_id').notNull(),
    documentId: uuid('document_id').notNull(),
    vector: real().array().notNull(),
    plane0: bits().notNull(),
    plane1: bits().notNull(),
    plane2: bits().notNull(),
    plane3: bits().notNull(),
    low: real().notNull(),
    step: real().notNull(),
    total: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.spaceId, table.documentId] })],
);
