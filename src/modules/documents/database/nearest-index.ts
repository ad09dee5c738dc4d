import { Inject, Injectable, Logger } from '@nestjs/common';
import { type SQL, sql } from 'drizzle-orm';
import { systemClock } from '../../../common/clock.js';
import { DATABASE, type Database, describeDatabaseError } from '../../database/index.js';
import type { VectorSpace } from './vector-spaces.repository.js';

/** Candidates that the index is asked for: enough that the nearest fifty are among them. */
const CANDIDATES = 400;

/** Making an index locks the table; with more vectors than this it is the operator's decision when. */
const MAX_ROWS_TO_INDEX = 5_000;

/** How long the properties of the database that were looked up count as current. */
const KNOWN_MS = 60_000;

/** pgvector that the role may use. It may be in a schema that is not searched, so its names are qualified. */
interface Pgvector {
  readonly schema: string;
  readonly version: readonly [major: number, minor: number];
}

/** pgvector's HNSW index of a space, where the extension is installed. It finds most of the nearest vectors, fast. */
@Injectable()
export class NearestIndex {
  private readonly logger = new Logger('Documents');
  private readonly known = new Map<number, { readonly schema: string | undefined; readonly untilMs: number }>();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Whether there is an index that is complete. */
  async has(space: VectorSpace): Promise<boolean> {
    return (await this.schemaOf(space)) !== undefined;
  }

  /** Candidates for the nearest vectors, as `array_send` gives them. */
  async findCandidates(space: VectorSpace, query: readonly number[]): Promise<{ id: string; vector: Uint8Array }[]> {
    const pgvector = schemaName((await this.schemaOf(space)) ?? 'public');
    const { type } = typesOf(space)!;
    const asked = sql`${`[${query.join(',')}]`}::${pgvector}.${type}(${sql.raw(String(space.dimensions))})`;
    return this.database.transaction(async (tx) => {
      // The planner does not know that reading a vector is dear, and would rather sort all of them.
      await tx.execute(
        sql`select set_config('hnsw.ef_search', ${String(CANDIDATES)}, true), set_config('enable_sort', 'off', true)`,
      );
      const { rows } = await tx.execute<{ id: string; vector: Uint8Array }>(sql`
        select document_id as id, array_send(vector) as vector from document_vectors
        where space_id = ${sql.raw(String(space.id))}
        order by ${indexed(space, pgvector)} operator(${pgvector}.<=>) ${asked} limit ${CANDIDATES}`);
      return rows;
    });
  }

  /** Makes the index where the database can and the table is small; otherwise logs the steps for an operator. */
  async ensure(space: VectorSpace): Promise<void> {
    const pgvector = await this.pgvector();
    const types = typesOf(space);
    if (!pgvector || !types || !isAtLeast(pgvector, types.since) || (await this.has(space))) return;
    const schema = schemaName(pgvector.schema);
    const statement = sql`index if not exists ${sql.identifier(indexName(space))} on document_vectors
      using hnsw (${indexed(space, schema)} ${schema}.${types.operators}) where space_id = ${sql.raw(String(space.id))}`;
    try {
      if ((await this.countUpTo(space, MAX_ROWS_TO_INDEX + 1)) > MAX_ROWS_TO_INDEX) {
        this.logger.warn(
          `Search would be faster with an index of pgvector. Make it when it suits you; docs/guides/operations.md has the statement (space ${space.id}, ${space.dimensions} dimensions).`,
        );
        return;
      }
      await this.database.execute(sql`create ${statement}`);
    } catch (error) {
      this.logger.warn(`Search goes on without an index of pgvector: ${describeDatabaseError(error)}`);
    }
    this.known.delete(space.id);
  }

  private async schemaOf(space: VectorSpace): Promise<string | undefined> {
    const known = this.known.get(space.id);
    if (known && known.untilMs > systemClock.nowMs()) return known.schema;
    const { rows } = await this.database.execute(sql`
      select 1 from pg_index where indexrelid = to_regclass(${indexName(space)}) and indisvalid and indisready`);
    const schema = rows.length > 0 ? (await this.pgvector())?.schema : undefined;
    this.known.set(space.id, { schema, untilMs: systemClock.nowMs() + KNOWN_MS });
    return schema;
  }

  private async pgvector(): Promise<Pgvector | undefined> {
    const { rows } = await this.database.execute<{ schema: string; version: string }>(sql`
      select nspname as schema, extversion as version from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
      where extname = 'vector' and has_schema_privilege(nspname, 'usage')`);
    if (!rows[0]) return undefined;
    const [major = 0, minor = 0] = rows[0].version.split('.').map(Number);
    return { schema: rows[0].schema, version: [major, minor] };
  }

  private async countUpTo(space: VectorSpace, most: number): Promise<number> {
    const { rows } = await this.database.execute<{ count: number }>(sql`
      select count(*)::int as count from (select 1 from document_vectors where space_id = ${space.id} limit ${most}) as counted`);
    return rows[0]!.count;
  }
}

/** The widest vectors that HNSW takes, and since which version of pgvector. */
function typesOf({ dimensions }: VectorSpace) {
  if (dimensions <= 2_000)
    return { type: sql.raw('vector'), operators: sql.raw('vector_cosine_ops'), since: [0, 5] } as const;
  if (dimensions <= 4_000)
    return { type: sql.raw('halfvec'), operators: sql.raw('halfvec_cosine_ops'), since: [0, 7] } as const;
  return undefined;
}

/** As it is written in the index and in the query: PostgreSQL compares the two. */
function indexed(space: VectorSpace, schema: SQL): SQL {
  return sql`(vector::${schema}.${typesOf(space)!.type}(${sql.raw(String(space.dimensions))}))`;
}

function indexName({ id }: VectorSpace): string {
  return `document_vectors_nearest_${id}`;
}

function schemaName(name: string): SQL {
  return sql`${sql.identifier(name)}`;
}

function isAtLeast(
  { version: [major, minor] }: Pgvector,
  [wantedMajor, wantedMinor]: readonly [number, number],
): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
