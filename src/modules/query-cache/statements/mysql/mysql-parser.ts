import type { Node } from '../sqlparser/sqlparser-tree.js';
import { loadSqlparser } from '../sqlparser/sqlparser.js';
import type { ParseStatement } from '../statement-parser.js';
import { HARMLESS_FUNCTIONS } from './mysql-functions.js';
import { prepareMysql } from './mysql-text.js';

/** Words that stand between a verb and its table. MySQL reserves them all but `quick`. */
const RESERVED_WORDS = new Set([
  'ignore',
  'low_priority',
  'high_priority',
  'delayed',
  'quick',
  'straight_join',
  'lateral',
]);

/** Statements of MySQL and MariaDB, without the sql mode ORACLE. */
export function loadMysqlParser(): Promise<ParseStatement> {
  const rules = { harmlessFunctions: HARMLESS_FUNCTIONS, reservedWords: RESERVED_WORDS, mayCommitLater };
  return loadSqlparser('mysql', rules, prepareMysql);
}

/** With `autocommit` off, statements become visible at a later commit. */
function mayCommitLater(statement: Node): boolean {
  return /autocommit|completion_type/i.test(JSON.stringify(statement));
}
