import { Inject, Injectable } from '@nestjs/common';
import { and, count, desc, eq, getTableColumns, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import { DATABASE, type Database } from '../../database/index.js';
import type { SearchResult } from '../documents.schemas.js';
import { toSummary } from './documents.repository.js';
import { documentsTable as documents, documentVectorsTable as vectors } from './documents.table.js';

/** A document whose vector is missing or of an older version. */
export interface UnindexedDocument {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly body: string;
}

/** The vector of one version of a document, of unit length. */
export interface DocumentVector {
  readonly documentId: string;
  readonly version: number;
  readonly vector: number[];
}

const { body: _body, ...summaryColumns } = getTableColumns(documents);

/** Documents' vectors in the database. Compared by pgvector where it is installed, else in plain SQL: both exact. */
@Injectable()
export class VectorsRepository {
  private pgvector: Promise<boolean> | undefined;

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The newest documents without a current vector, and how many more there are. */
  async findUnindexed(model: string, limit: number): Promise<{ documents: UnindexedDocument[]; remaining: number }> {
    const { id, version, title, body } = documents;
    const isOfDocument = and(eq(vectors.documentId, id), eq(vectors.model, model));
    const isOutdated = or(isNull(vectors.version), ne(vectors.version, version));
    const [found, [total]] = await Promise.all([
      this.database
        .select({ id, version, title, body })
        .from(documents)
        .leftJoin(vectors, isOfDocument)
        .where(isOutdated)
        .orderBy(desc(documents.createdAt))
        .limit(limit),
      this.database.select({ count: count() }).from(documents).leftJoin(vectors, isOfDocument).where(isOutdated),
    ]);
    return { documents: found, remaining: Math.max(0, (total?.count ?? 0) - found.length) };
  }

  /** Documents deleted meanwhile are left out. */
  async save(model: string, rows: readonly DocumentVector[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      for (const { documentId, version, vector } of rows) {
        const row = tx
          .select({
            documentId: documents.id,
            model: sql`${model}`.as('model'),
            version: sql`${version}::int`.as('version'),
            vector: asReals(vector).as('vector'),
          })
          .from(documents)
          .where(eq(documents.id, documentId));
        await tx
          .insert(vectors)
          .select(row as never)
          .onConflictDoUpdate({ target: [vectors.documentId, vectors.model], set: { version, vector } });
      }
    });
  }

  /** Nearest first, by cosine. */
  async findNearest(model: string, query: readonly number[], limit: number): Promise<SearchResult['items']> {
    const score = (await this.hasPgvector()) ? byPgvector(query) : byPlainSql(query);
    const rows = await this.database
      .select({ ...summaryColumns, score: score.as('score') })
      .from(vectors)
      .innerJoin(documents, eq(documents.id, vectors.documentId))
      .where(eq(vectors.model, model))
      .orderBy(sql`score desc`, documents.id)
      .limit(limit);
    return rows.map(({ score: cosine, ...row }) =>
      Object.assign(toSummary(row), { score: Math.round(cosine * 1e6) / 1e6 }),
    );
  }

  private hasPgvector(): Promise<boolean> {
    this.pgvector ??= this.database
      .execute(sql`select 1 from pg_extension where extname = 'vector'`)
      .then(({ rows }) => rows.length > 0)
      .catch((error: unknown) => {
        this.pgvector = undefined;
        throw error;
      });
    return this.pgvector;
  }
}

function asReals(vector: readonly number[]): SQL<number[]> {
  return sql<number[]>`${`{${vector.join(',')}}`}::real[]`;
}

function byPgvector(query: readonly number[]): SQL<number> {
  return sql<number>`1 - (${vectors.vector}::vector <=> ${asReals(query)}::vector)`;
}

function byPlainSql(query: readonly number[]): SQL<number> {
  return sql<number>`(select sum(a * b) from unnest(${vectors.vector}, ${asReals(query)}) as pair(a, b))::float8`;
}
