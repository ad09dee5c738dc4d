import { Inject, Injectable } from '@nestjs/common';
import { and, arrayContains, desc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { DATABASE, type Database } from '../../database/index.js';
import type {
  Document,
  DocumentChange,
  DocumentFacets,
  DocumentFilter,
  DocumentPage,
  DocumentSummary,
  NewDocument,
  PageRequest,
} from '../documents.schemas.js';
import { documentsTable as documents } from './documents.table.js';
import { decodeCursor, encodeCursor } from './page-cursor.js';

const { body: _body, searchProblem: _problem, ...summaryColumns } = getTableColumns(documents);

type DocumentRow = typeof documents.$inferSelect;
type SummaryRow = Omit<DocumentRow, 'body' | 'searchProblem'>;

/** A write of a document that was not as the writer thought: gone, or of another version. */
export type Conflict = 'missing' | 'changed';

/** Documents in the database. Knows nothing of caches: whoever writes through it evicts afterwards. */
@Injectable()
export class DocumentsRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async find(id: string): Promise<Document | undefined> {
    const [row] = await this.database.select().from(documents).where(eq(documents.id, id));
    return row && toDocument(row);
  }

  async findPage({ limit, cursor, ...filter }: PageRequest): Promise<DocumentPage> {
    const rows = await this.database
      .select(summaryColumns)
      .from(documents)
      .where(and(...conditions(filter), cursor === undefined ? undefined : isAfter(cursor)))
      .orderBy(desc(documents.createdAt), desc(documents.id))
      .limit(limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(toSummary), ...(rows.length > limit && last && { nextCursor: encodeCursor(last) }) };
  }

  async create(document: NewDocument): Promise<Document> {
    const [row] = await this.database.insert(documents).values(document).returning();
    return toDocument(row!);
  }

  /** Changes a document, if it is there and of the version the writer knows (where one is given). */
  async update(
    id: string,
    change: DocumentChange,
    version: number | undefined,
  ): Promise<{ before: Document; after: Document } | Conflict> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.select().from(documents).where(eq(documents.id, id)).for('update');
      if (!before) return 'missing';
      if (version !== undefined && before.version !== version) return 'changed';
      const [after] = await tx
        .update(documents)
        .set({ ...change, ...(isOtherText(before, change) && NOT_YET_REFUSED), ...next(before) })
        .where(eq(documents.id, id))
        .returning();
      return { before: toDocument(before), after: toDocument(after!) };
    });
  }

  /** Removes a document under the same conditions as {@link update}; gives what it was. */
  async delete(id: string, version: number | undefined): Promise<Document | Conflict> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.select().from(documents).where(eq(documents.id, id)).for('update');
      if (!before) return 'missing';
      if (version !== undefined && before.version !== version) return 'changed';
      await tx.delete(documents).where(eq(documents.id, id));
      return toDocument(before);
    });
  }

  /** Reads every row: the query that is worth caching. */
  async countFacets(): Promise<DocumentFacets> {
    const { topic, author, createdAt, body } = documents;
    const month = sql<string>`to_char(${createdAt} at time zone 'UTC', 'YYYY-MM')`;
    const counted = await this.database
      .select({
        facet: sql<string>`case when grouping(${topic}) = 0 then 'topic' when grouping(${author}) = 0 then 'author' when grouping(month) = 0 then 'month' else 'all' end`,
        value: sql<string>`coalesce(${topic}, ${author}, month, '')`,
        count: sql<number>`count(*)::int`,
        averageLength: sql<number>`coalesce(avg(length), 0)::float8`,
      })
      .from(
        this.database
          .select({ topic, author, month: month.as('month'), length: sql<number>`length(${body})`.as('length') })
          .from(documents)
          .as('documents'),
      )
      .groupBy(sql`grouping sets ((${topic}), (${author}), (month), ())`)
      .orderBy(desc(sql`count(*)`), sql`2`);
    const valuesOf = (facet: string) =>
      counted.filter((row) => row.facet === facet).map(({ value, count }) => ({ value, count }));
    const all = counted.find(({ facet }) => facet === 'all');
    return {
      total: all?.count ?? 0,
      averageLength: all?.averageLength ?? 0,
      topics: valuesOf('topic'),
      authors: valuesOf('author').slice(0, 20),
      months: valuesOf('month'),
    };
  }
}

/** Another text may be one that the embedding model takes. */
const NOT_YET_REFUSED = { searchProblem: null };

function isOtherText(before: DocumentRow, { title = before.title, body = before.body }: DocumentChange): boolean {
  return title !== before.title || body !== before.body;
}

function next(before: DocumentRow) {
  return { version: before.version + 1, updatedAt: sql`now()` };
}

function conditions({ author, topic, label }: DocumentFilter): (SQL | undefined)[] {
  return [
    author === undefined ? undefined : eq(documents.author, author),
    topic === undefined ? undefined : eq(documents.topic, topic),
    label === undefined ? undefined : arrayContains(documents.labels, [label]),
  ];
}

function isAfter(cursor: string): SQL {
  const { createdAt, id } = decodeCursor(cursor);
  return sql`(${documents.createdAt}, ${documents.id}) < (${createdAt.toISOString()}::timestamptz, ${id}::uuid)`;
}

export function toSummary({ createdAt, updatedAt, ...row }: SummaryRow): DocumentSummary {
  return { ...row, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

function toDocument({ body, searchProblem, ...summary }: DocumentRow): Document {
  return { ...toSummary(summary), body, ...(searchProblem !== null && { searchProblem }) };
}
