import { loadSqlparser } from '../sqlparser/sqlparser.js';
import { WITHOUT_EFFECT } from '../statement.js';
import type { ParseStatement } from '../statement-parser.js';
import { HARMLESS_FUNCTIONS } from './sqlite-functions.js';
import { prepareSqlite } from './sqlite-text.js';

/** Words of SQLite that sqlparser-rs may take for the name of a table. */
const RESERVED_WORDS = new Set(['or', 'indexed', 'not', 'default', 'values', 'select', 'set', 'from', 'into']);
/** Reads or sets how the connection works; no row changes. */
const PRAGMA = /^\s*pragma\s+[^;'"]*(?:'[^']*'|"[^"]*")?[^;'"]*;?\s*$/i;

/** Statements of SQLite. */
export async function loadSqliteParser(): Promise<ParseStatement> {
  const rules = { harmlessFunctions: HARMLESS_FUNCTIONS, reservedWords: RESERVED_WORDS, mayCommitLater: () => false };
  const parse = await loadSqlparser('sqlite', rules, prepareSqlite);
  return (text) => (PRAGMA.test(text) ? WITHOUT_EFFECT : parse(text));
}
