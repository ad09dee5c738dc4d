import { Inject, Injectable } from '@nestjs/common';
import { inArray, type SQL, sql } from 'drizzle-orm';
import { DATABASE, type Database } from '../../database/index.js';
import type { FoundDocument } from '../documents.schemas.js';
import { planeQueryOf } from '../search/vector-planes.js';
import { toSummary } from './documents.repository.js';
import { documentsTable as documents, summaryColumns } from './documents.table.js';
import { NearestIndex } from './nearest-index.js';
import type { VectorSpace } from './vector-spaces.repository.js';

/** A document that may be among the nearest. */
interface Candidate {
  readonly id: string;
  readonly score: number;
}

/** Candidates whose exact scores are compared at first, for each document that is wanted, and at least. */
const CANDIDATES_EACH = 8;
const MIN_CANDIDATES = 200;

/**
 * Finds the nearest vectors: some candidates first, by pgvector's index where there is one, else by a few bits of each
 * vector in plain SQL; then the exact order of the candidates.
 */
@Injectable()
export class VectorsRepository {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly index: NearestIndex,
  ) {}

  /** Nearest first, by cosine; equal ones by id. @param query of unit length. */
  async findNearest(space: VectorSpace, query: readonly number[], limit: number): Promise<FoundDocument[]> {
    const nearest = (await this.index.has(space))
      ? await this.index.findCandidates(space, query).then((rows) => rank(rows, query))
      : await this.findByPlanes(space, query, limit);
    const scores = new Map(nearest.slice(0, limit).map(({ id, score }) => [id, score]));
    if (scores.size === 0) return [];
    const rows = await this.database
      .select(summaryColumns)
      .from(documents)
      .where(inArray(documents.id, [...scores.keys()]));
    const found = new Map(rows.map((row) => [row.id, toSummary(row)]));
    // A document may have been deleted since.
    return [...scores].flatMap(([id, score]) => {
      const summary = found.get(id);
      return summary ? [{ ...summary, score: Math.round(score * 1e6) / 1e6 }] : [];
    });
  }

  /**
   * Exact. The database orders all vectors by the most that their product with the question can be. Once the last
   * candidate's most is below the exact score of the last wanted document, no further vector can be among the nearest.
   */
  private async findByPlanes(space: VectorSpace, query: readonly number[], limit: number): Promise<Candidate[]> {
    const { most, planes, margin } = mostByPlanes(query);
    for (let count = Math.max(MIN_CANDIDATES, CANDIDATES_EACH * limit); ; count *= 4) {
      const { rows } = await this.database.execute<{ id: string; most: number; vector: Uint8Array }>(sql`
        select document_id as id, most, array_send(vector) as vector
        from (
          select document_id, vector, ${most} as most from document_vectors, (select ${planes}) as question
          where space_id = ${space.id} order by most desc limit ${count}
        ) as candidates order by most desc`);
      const ranked = rank(rows, query);
      const last = ranked[limit - 1];
      if (rows.length < count || (last && last.score > rows.at(-1)!.most + margin)) return ranked;
    }
  }
}

/** The exact order of candidates. */
function rank(
  rows: readonly { readonly id: string; readonly vector: Uint8Array }[],
  query: readonly number[],
): Candidate[] {
  return rows
    .map(({ id, vector }) => ({ id, score: productWith(query, vector) }))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

/** @param sent a `real[]` as `array_send` gives it: a head of 20 bytes, then each number's length and bytes, big-endian. */
function productWith(query: readonly number[], sent: Uint8Array): number {
  const view = new DataView(sent.buffer, sent.byteOffset, sent.byteLength);
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += query[i]! * view.getFloat32(24 + i * 8);
  return sum;
}

function mostByPlanes(query: readonly number[]): { most: SQL<number>; planes: SQL; margin: number } {
  const { planes, ofLow, ofTotal, ofPairs, reserve, margin } = planeQueryOf(query);
  const pairs = [0, 1, 2, 3].map((i) => {
    const counts = planes.map((_, j) => `${2 ** (i + j)} * bit_count(plane${i} & query${j})`);
    return counts.join(' + ');
  });
  return {
    most: sql`low * ${ofLow}::float8 + step * (${ofTotal}::float8 * total + ${ofPairs}::float8 * (${sql.raw(pairs.join(' + '))}) + ${reserve}::float8)`,
    planes: sql.join(
      planes.map((bits, j) => sql`${bits}::bit varying as ${sql.identifier(`query${j}`)}`),
      sql`, `,
    ),
    margin,
  };
}
