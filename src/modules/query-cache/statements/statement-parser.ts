import { withOneRow } from './bulk-rows.js';
import { type Dialect, type Statement, UNREADABLE } from './statement.js';
import { StatementMemory } from './statement-memory.js';

/** Reads one text. @throws when it does not understand it. */
export type ParseStatement = (text: string) => Statement;

const MAX_REMEMBERED_BYTES = 2 * 1024 * 1024;

const LOADERS: Record<Dialect, () => Promise<ParseStatement>> = {
  postgres: async () => (await import('./postgres/postgres-parser.js')).loadPostgresParser(),
  mysql: async () => (await import('./mysql/mysql-parser.js')).loadMysqlParser(),
  sqlite: async () => (await import('./sqlite/sqlite-parser.js')).loadSqliteParser(),
};

/**
 * Finds the tables that a statement reads and changes, by its text. The grammar of a dialect is loaded for its first statement; a text
 * that was read before is remembered, up to 2 MiB for each dialect.
 *
 * While the grammar can't be loaded, every statement may do anything: nothing is cached, and every statement invalidates.
 * The next statement tries to load it again.
 */
export class StatementParser {
  private static readonly parsers = new Map<Dialect, StatementParser>();
  private readonly memory = new StatementMemory(MAX_REMEMBERED_BYTES);
  private parseText: ParseStatement | undefined;
  private loading: Promise<void> | undefined;
  private hasWarned = false;

  private constructor(private readonly dialect: Dialect) {}

  /** The parser of a dialect; all caches share it. */
  static of(dialect: Dialect): StatementParser {
    let parser = this.parsers.get(dialect);
    if (!parser) this.parsers.set(dialect, (parser = new StatementParser(dialect)));
    return parser;
  }

  /** Resolves when the grammar is loaded, or could not be. */
  ready(): Promise<void> {
    if (this.isReady) return Promise.resolve();
    return (this.loading ??= this.load().finally(() => (this.loading = undefined)));
  }

  get isReady(): boolean {
    return this.parseText !== undefined;
  }

  /** Bytes that the remembered statements take. */
  get rememberedBytes(): number {
    return this.memory.sizeBytes;
  }

  /** Before the grammar is loaded, every statement is unreadable. */
  parse(text: string): Statement {
    return this.parseText ? this.memory.getOrParse(withOneRow(text), this.parseText) : UNREADABLE;
  }

  private async load(): Promise<void> {
    try {
      const parse = await LOADERS[this.dialect]();
      this.parseText = (text) => parseSafely(parse, text);
    } catch (error) {
      if (!this.hasWarned)
        process.emitWarning(
          `The SQL grammar of ${this.dialect} can't be loaded, so no query is cached: ${String(error)}`,
        );
      this.hasWarned = true;
    }
  }
}

function parseSafely(parse: ParseStatement, text: string): Statement {
  try {
    return parse(text);
  } catch {
    return UNREADABLE;
  }
}
