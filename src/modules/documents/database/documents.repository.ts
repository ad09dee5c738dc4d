import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { and, arrayContains, asc, desc, eq, type SQL, sql } from 'drizzle-orm';
import { DATABASE, type Database, type Transaction } from '../../database/index.js';
import type {
  Document,
  DocumentChange,
  DocumentFilter,
  DocumentPage,
  DocumentSummary,
  NewDocument,
  PageRequest,
} from '../documents.schemas.js';
import { documentColumns, documentsTable as documents, summaryColumns } from './documents.table.js';
import type { WriteKey } from '../write-key.js';
import { runOnce } from './keyed-write.js';
import { PageCursors, type PagePosition } from './page-cursor.js';

/** A row as queries read it: times in milliseconds since 1970. */
type DocumentRow = Omit<typeof documents.$inferSelect, 'createdAt' | 'updatedAt'> & {
  readonly createdAt: number;
  readonly updatedAt: number;
};
type SummaryRow = Omit<DocumentRow, 'body' | 'searchProblem'>;

/** The document of a write is gone, or of a version that the writer does not know. */
export type Conflict = 'missing' | 'changed';

/**
 * Documents in the database. It knows nothing of caches: a caller that writes evicts afterwards. A write with a key runs
 * once, see {@link runOnce}.
 */
@Injectable()
export class DocumentsRepository {
  private cursors: Promise<PageCursors> | undefined;

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async find(id: string): Promise<Document | undefined> {
    const [row] = await this.database.select(documentColumns).from(documents).where(eq(documents.id, id));
    return row && toDocument(row);
  }

  /** @throws ProblemException 400 for a cursor of another list. */
  async findPage(request: PageRequest): Promise<DocumentPage> {
    const { limit, sort, order, cursor, ...filter } = request;
    const cursors = await this.pageCursors();
    const position = cursor === undefined ? undefined : cursors.decode(request, cursor);
    const isBackwards = position?.direction === 'previous';
    const isDescending = (order === 'desc') !== isBackwards;
    const inOrder = isDescending ? desc : asc;
    const rows = await this.database
      .select(summaryColumns)
      .from(documents)
      .where(and(...conditions(filter), position && isBeyond(position, sort, isDescending)))
      .orderBy(inOrder(documents[sort]), inOrder(documents.id))
      .limit(limit + 1);
    const found = rows.slice(0, limit);
    const items = isBackwards ? found.toReversed() : found;
    const [first, last] = [items[0], items.at(-1)];
    // The documents before the place are gone, so this is the first page.
    if (isBackwards && !first) return this.findPage({ ...request, cursor: undefined });
    if (!first || !last) return { items: [] };
    const beside = (row: SummaryRow, direction: PagePosition['direction']) =>
      cursors.encode(request, { value: row[sort], id: row.id, direction });
    const hasMore = rows.length > limit;
    return {
      items: items.map(toSummary),
      ...((isBackwards || hasMore) && { nextCursor: beside(last, 'next') }),
      ...(position && (!isBackwards || hasMore) && { previousCursor: beside(first, 'previous') }),
    };
  }

  async create(document: NewDocument, key?: WriteKey): Promise<Document> {
    const [created] = await this.createMany([document], key);
    return created!;
  }

  /** All of them, or none; in the order given. */
  async createMany(drafts: readonly NewDocument[], key?: WriteKey): Promise<Document[]> {
    if (!key) return insertAll(this.database, drafts);
    return this.transaction(key, (tx) => insertAll(tx, drafts));
  }

  /** Changes a document, if it is there and of a version the writer knows (where versions are given). */
  async update(
    id: string,
    change: DocumentChange,
    versions: ReadonlySet<number> | undefined,
    key?: WriteKey,
  ): Promise<{ before: Document; after: Document } | Conflict> {
    return this.transaction(key, async (tx) => {
      const before = await lock(tx, id, versions);
      if (typeof before === 'string') return before;
      const [after] = await tx
        .update(documents)
        .set({
          ...change,
          // Another text may be one that the embedding model takes.
          ...(isOtherText(before, change) && { searchProblem: null }),
          version: before.version + 1,
          updatedAt: sql`now()`,
        })
        .where(eq(documents.id, id))
        .returning(documentColumns);
      return { before: toDocument(before), after: toDocument(after!) };
    });
  }

  /** Removes a document under the same conditions as {@link update}. Returns the removed document. */
  async delete(id: string, versions: ReadonlySet<number> | undefined, key?: WriteKey): Promise<Document | Conflict> {
    return this.transaction(key, async (tx) => {
      const before = await lock(tx, id, versions);
      if (typeof before === 'string') return before;
      await tx.delete(documents).where(eq(documents.id, id));
      return toDocument(before);
    });
  }

  private transaction<T>(key: WriteKey | undefined, write: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction((tx) => runOnce(tx, key, () => write(tx)));
  }

  /** The secret is in the database, so all instances sign alike. It is read once. */
  private pageCursors(): Promise<PageCursors> {
    this.cursors ??= this.database
      .execute<{ value: string }>(sql`select value from document_secrets where name = 'cursor'`)
      .then(({ rows }) => new PageCursors(rows[0]!.value))
      .catch((error: unknown) => {
        this.cursors = undefined;
        throw error;
      });
    return this.cursors;
  }
}

async function insertAll(on: Pick<Database, 'insert'>, drafts: readonly NewDocument[]): Promise<Document[]> {
  const values = drafts.map((draft) => ({ ...draft, id: randomUUID() }));
  const rows = await on.insert(documents).values(values).returning(documentColumns);
  const created = new Map(rows.map((row) => [row.id, toDocument(row)]));
  return values.map(({ id }) => created.get(id)!);
}

/** The row, locked until the transaction ends, or why it is not to be written. */
async function lock(
  tx: Transaction,
  id: string,
  versions: ReadonlySet<number> | undefined,
): Promise<DocumentRow | Conflict> {
  const [row] = await tx.select(documentColumns).from(documents).where(eq(documents.id, id)).for('update');
  if (!row) return 'missing';
  return versions !== undefined && !versions.has(row.version) ? 'changed' : row;
}

function isOtherText(before: DocumentRow, { title = before.title, body = before.body }: DocumentChange): boolean {
  return title !== before.title || body !== before.body;
}

function conditions({ author, topic, label }: DocumentFilter): (SQL | undefined)[] {
  return [
    author === undefined ? undefined : eq(documents.author, author),
    topic === undefined ? undefined : eq(documents.topic, topic),
    label === undefined ? undefined : arrayContains(documents.labels, [label]),
  ];
}

function isBeyond({ value, id }: PagePosition, sort: PageRequest['sort'], isDescending: boolean): SQL {
  // The seconds of a distant year have less digits behind the point than a time in the database.
  const place =
    typeof value === 'number' ? sql`to_timestamp(${value}::float8 / 1000)::timestamptz(3)` : sql`${value}::text`;
  const isAfter = sql.raw(isDescending ? '<' : '>');
  return sql`(${documents[sort]}, ${documents.id}) ${isAfter} (${place}, ${id}::uuid)`;
}

export function toSummary({ createdAt, updatedAt, ...row }: SummaryRow): DocumentSummary {
  return { ...row, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() };
}

function toDocument({ body, searchProblem, ...summary }: DocumentRow): Document {
  return { ...toSummary(summary), body, ...(searchProblem !== null && { searchProblem }) };
}
