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
 * Tells by its text what a statement reads and changes. The grammar of a dialect is loaded when the first cache of that
 * dialect is made; a text that was read before is remembered, up to 2 MiB for each dialect.
 *
 * If the grammar can't be loaded, every statement may do anything: nothing is cached, and every statement invalidates.
 */
export class StatementParser {
  private static readonly parsers = new Map<Dialect, StatementParser>();
  private readonly memory = new StatementMemory(MAX_REMEMBERED_BYTES);
  private parseText: ParseStatement | undefined;
  private readonly loading: Promise<void>;

  private constructor(dialect: Dialect) {
    this.loading = LOADERS[dialect]().then(
      (parse) => void (this.parseText = (text) => parseSafely(parse, text)),
      (error: unknown) => {
        this.parseText = () => UNREADABLE;
        process.emitWarning(`The SQL grammar of ${dialect} can't be loaded, so no query is cached: ${String(error)}`);
      },
    );
  }

  /** The parser of a dialect; all caches share it. */
  static of(dialect: Dialect): StatementParser {
    let parser = this.parsers.get(dialect);
    if (!parser) this.parsers.set(dialect, (parser = new StatementParser(dialect)));
    return parser;
  }

  /** Resolves when {@link parse} may be called. */
  ready(): Promise<void> {
    return this.loading;
  }

  get isReady(): boolean {
    return this.parseText !== undefined;
  }

  /** Bytes that the remembered statements take. */
  get rememberedBytes(): number {
    return this.memory.sizeBytes;
  }

  /** @throws Error before the grammar is loaded. */
  parse(text: string): Statement {
    if (!this.parseText) throw new Error('The SQL grammar is not loaded yet');
    return this.memory.getOrParse(withOneRow(text), this.parseText);
  }
}

function parseSafely(parse: ParseStatement, text: string): Statement {
  try {
    return parse(text);
  } catch {
    return UNREADABLE;
  }
}
