import { init, parse } from '@guanmingchiu/sqlparser-ts';
import { joinStatements, WITHOUT_EFFECT } from '../statement.js';
import type { ParseStatement } from '../statement-parser.js';
import { type GrammarRules, type Node, SqlparserTree } from './sqlparser-tree.js';

/**
 * Apache's sqlparser-rs, compiled to WebAssembly. It understands more than a server would and, where a word may be a
 * keyword or a name, may take it for the wrong one: {@link GrammarRules} name the words that can't be tables.
 *
 * @param prepare rewrites a text before it is parsed. @throws when the text can't be read safely.
 */
export async function loadSqlparser(
  dialect: 'mysql' | 'sqlite',
  rules: GrammarRules,
  prepare: (text: string) => string,
): Promise<ParseStatement> {
  await init();
  const tree = new SqlparserTree(rules);
  return (text) => {
    const statements = parse(prepare(text), dialect) as unknown as Node[];
    return statements.length === 0 ? WITHOUT_EFFECT : joinStatements(statements.map((node) => tree.read(node)));
  };
}
