import { boundedStableKey, UnstableKeyError } from '../../common/stable-key.js';
import type { Cache, LoadOptions } from '../cache/library.js';
import { copyRows, type QueryRow } from './rows.js';
import { tablesOf } from './sql-tables.js';

/** What one query says of its entry. */
export interface QueryEntry {
  ttlMs?: number;
  /** Invalidated by the names of its tables. Default true. */
  hasTableTags?: boolean;
  /** A name to invalidate it by. */
  tag?: string;
}

/** Rows by statement and parameters, tagged with the tables they came from. What both adapters are made of. */
export class TableCache {
  /** @param dependentsOf tables that change with the given one. */
  constructor(
    private readonly cache: Cache,
    private readonly defaults: LoadOptions,
    private readonly dependentsOf: (table: string) => readonly string[],
  ) {}

  /** The caller's own copy of the rows, from the cache or from `load`. Concurrent equal queries share one load. */
  async rows<Row extends QueryRow>(
    statement: string,
    params: readonly unknown[],
    load: () => Promise<Row[]>,
    entry: QueryEntry = {},
  ): Promise<Row[]> {
    const { ttlMs, hasTableTags = true, tag } = entry;
    const tags = [
      ...(hasTableTags ? tablesOf(statement).reads.map(tableTag) : []),
      ...(tag === undefined ? [] : [namedTag(tag)]),
    ];
    const key = keyOf(statement, params, tags);
    if (key === undefined) return load();
    const options = { ...this.defaults, tags, ...(ttlMs !== undefined && { ttlMs }) };
    return copyRows(await this.cache.getOrLoad(key, load, options));
  }

  /** To be called once the change is committed: sooner, and a reader would store the old rows again. */
  async invalidateTables(tables: Iterable<string>): Promise<void> {
    const changed = new Set(tables);
    for (const table of changed) for (const dependent of this.dependentsOf(table)) changed.add(dependent);
    if (changed.size > 0) await this.cache.invalidateTags([...changed].map(tableTag));
  }

  async invalidateNamed(tags: readonly string[]): Promise<void> {
    if (tags.length > 0) await this.cache.invalidateTags(tags.map(namedTag));
  }

  async clear(): Promise<void> {
    await this.cache.clear();
  }
}

const tableTag = (table: string) => `table:${table}`;
const namedTag = (tag: string) => `query:${tag}`;

/**
 * Parameters may be texts of users, so the key is a digest. One statement tagged in two ways is two entries. `undefined`
 * where a parameter is an object of a kind that can't be compared: such a query is not cached.
 */
function keyOf(...parts: readonly unknown[]): string | undefined {
  try {
    return boundedStableKey(parts, 0);
  } catch (error) {
    if (error instanceof UnstableKeyError) return undefined;
    throw error;
  }
}
