import { getTableColumns, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  customType,
  integer,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

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

/** A time as a number, which does not depend on the time zone and style of dates of the database's session. */
const momentOf = (column: AnyPgColumn) => sql<number>`(extract(epoch from ${column}) * 1000)::float8`.mapWith(Number);

/** The columns that queries read of a document; times in milliseconds since 1970. */
export const documentColumns = {
  ...getTableColumns(documentsTable),
  createdAt: momentOf(documentsTable.createdAt),
  updatedAt: momentOf(documentsTable.updatedAt),
};
const { body: _body, searchProblem: _problem, ...withoutText } = documentColumns;

/** The columns that queries read of a document in a list. */
export const summaryColumns = withoutText;

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
