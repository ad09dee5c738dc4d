import { boundedStableKey, UnstableKeyError } from '../../common/stable-key.js';
import type { Cache, LoadOptions } from '../cache/library.js';
import { packCells, unpackCells, UnstorableCellError } from './cells.js';
import type { QueryCacheOptions } from './query-cache.options.js';
import { FunctionNames } from './statements/function-names.js';
import { ANY_TABLE, type Dialect, type Statement } from './statements/statement.js';
import { StatementParser } from './statements/statement-parser.js';
import { UnknownStatementWarnings } from './unknown-statement-warnings.js';

/** Options of the entry of one query. */
export interface QueryEntry {
  ttlMs?: number;
  /** Invalidated by changes of its tables. Default true. */
  hasTableTags?: boolean;
  /** A name to invalidate it by. */
  tag?: string;
  /** A further part of the key, for answers of one statement that differ, such as in the form of their rows. */
  form?: string;
}

/** The effects of a statement, for one cache and its options. */
export interface StatementEffects extends Pick<Statement, 'reads' | 'writes' | 'steps'> {
  /** Changes tables, or begins or ends a transaction. */
  readonly isHarmless: boolean;
}

/** Loads an answer; told by `skipStore` not to store it. */
export type AnswerLoader = (skipStore: () => void) => Promise<unknown>;

/** Stands for an answer that can't be stored. Callers that waited for it run the statement themselves. */
const UNSTORABLE = { isUnstorable: true };
/** Tag of every answer that its tables invalidate. A statement that may change any table invalidates this tag. */
const ALL_TABLES_TAG = 'tables';

/** Answers by statement and parameters, tagged with the tables they came from. All adapters are built on it. */
export class TableCache {
  private readonly parser: StatementParser;
  private readonly harmlessFunctions: FunctionNames;
  private readonly warnings = new UnknownStatementWarnings();
  private readonly defaults: LoadOptions;

  /** @param dependentsOf tables that change with the given one; asked with names in lower case. */
  constructor(
    private readonly cache: Cache,
    dialect: Dialect,
    { dependents = {}, harmlessFunctions = [], ...defaults }: QueryCacheOptions,
    dependentsOf: (table: string) => readonly string[] = () => [],
  ) {
    this.parser = StatementParser.of(dialect);
    this.harmlessFunctions = new FunctionNames(harmlessFunctions);
    this.defaults = defaults;
    const declared = new Map(Object.entries(dependents).map(([table, names]) => [table.toLowerCase(), names]));
    this.dependentsOf = (table) => [...(declared.get(table) ?? []), ...dependentsOf(table)];
  }

  private readonly dependentsOf: (table: string) => readonly string[];

  /** The effects of a statement; a promise only until the grammar is loaded. */
  effectsOf(statement: string): StatementEffects | Promise<StatementEffects> {
    if (this.parser.isReady) return this.effects(this.parser.parse(statement), statement);
    return this.parser.ready().then(() => this.effects(this.parser.parse(statement), statement));
  }

  /**
   * The caller's own copy of the answer, from the cache or from `load`. Concurrent equal queries share one load.
   *
   * @param reads of the statement's effects.
   */
  async answer(
    statement: string,
    params: readonly unknown[],
    reads: readonly string[],
    load: AnswerLoader,
    { ttlMs, hasTableTags = true, tag, form }: QueryEntry = {},
  ): Promise<unknown> {
    const tags = [
      ...(hasTableTags ? [ALL_TABLES_TAG, ...reads.map(tableTag)] : []),
      ...(tag === undefined ? [] : [namedTag(tag)]),
    ];
    const key = keyOf(2, statement, params, tags, form);
    if (key === undefined) return load(() => {});
    const options = { ...this.defaults, tags, ...(ttlMs !== undefined && { ttlMs }) };
    let own: { answer: unknown } | undefined;
    const packed = await this.cache.getOrLoad<unknown>(
      key,
      async (context) => {
        const answer = await load(() => context.skipStore());
        try {
          return packCells(answer);
        } catch (error) {
          if (!(error instanceof UnstorableCellError)) throw error;
          own = { answer };
          context.skipStore();
          return UNSTORABLE;
        }
      },
      options,
    );
    if (!isUnstorable(packed)) return unpackCells(packed);
    return own ? own.answer : load(() => {});
  }

  /** To be called once the change is committed: sooner, and a reader would store the old rows again. */
  async invalidateTables(tables: Iterable<string> | typeof ANY_TABLE): Promise<void> {
    if (tables === ANY_TABLE) return void (await this.cache.invalidateTags([ALL_TABLES_TAG]));
    const changed = new Set(Array.from(tables, (table) => table.toLowerCase()));
    for (const table of changed) for (const dependent of this.dependentsOf(table)) changed.add(dependent.toLowerCase());
    if (changed.has('*')) await this.invalidateTables(ANY_TABLE);
    else if (changed.size > 0) await this.cache.invalidateTags([...changed].map(tableTag));
  }

  async invalidateNamed(tags: readonly string[]): Promise<void> {
    if (tags.length > 0) await this.cache.invalidateTags(tags.map(namedTag));
  }

  async clear(): Promise<void> {
    await this.cache.clear();
  }

  private effects({ reads, writes, functions, steps, isUnreadable }: Statement, text: string): StatementEffects {
    const unknownFunctions = functions.filter((name) => !this.harmlessFunctions.has(name));
    if (isUnreadable) this.warnings.warnOfStatement(text);
    if (unknownFunctions.length > 0) {
      this.warnings.warnOfFunctions(unknownFunctions);
      return { reads: undefined, writes: ANY_TABLE, steps, isHarmless: false };
    }
    return { reads, writes, steps, isHarmless: writes.length === 0 && steps.length === 0 };
  }
}

const tableTag = (table: string) => `table:${table}`;
const namedTag = (tag: string) => `query:${tag}`;

function isUnstorable(packed: unknown): boolean {
  return typeof packed === 'object' && packed !== null && 'isUnstorable' in packed;
}

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
