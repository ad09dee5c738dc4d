/** Tables a statement names, without their schemas; unquoted names in lower case as PostgreSQL folds them. */
export interface StatementTables {
  /** Named in `from` and `join`, at any depth. May hold names of CTEs, views and functions too. */
  readonly reads: readonly string[];
  /** Changed by it; empty for a plain query. */
  readonly writes: readonly string[];
}

const MAX_REMEMBERED = 2_000;
const remembered = new Map<string, StatementTables>();

/**
 * Reads the tables off a statement's text. It errs towards more: a name too many costs a cache miss. It can't see what a
 * view, a trigger, a foreign key's cascade or a function touches; see `QueryCacheOptions.dependents`.
 */
export function tablesOf(statement: string): StatementTables {
  const known = remembered.get(statement);
  if (known) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const tables = scan(tokensOf(statement));
  remembered.set(statement, tables);
  return tables;
}

/** A word, quoted name or punctuation mark. `keyword` is the word in lower case, for names that are not quoted. */
interface Token {
  readonly name: string | undefined;
  readonly keyword: string;
}

const TOKEN = new RegExp(
  [
    String.raw`--[^\n]*|/\*[\s\S]*?\*/`,
    String.raw`[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'`,
    String.raw`(?<tag>\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\k<tag>`,
    String.raw`"(?<quoted>(?:[^"]|"")*)"`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<mark>[(),.;])`,
  ].join('|'),
  'gu',
);

function tokensOf(statement: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups } of statement.matchAll(TOKEN)) {
    const { quoted, word, mark } = groups ?? {};
    if (quoted !== undefined) tokens.push({ name: quoted.replaceAll('""', '"'), keyword: '' });
    else if (word !== undefined) tokens.push({ name: word.toLowerCase(), keyword: word.toLowerCase() });
    else if (mark !== undefined) tokens.push({ name: undefined, keyword: mark });
  }
  return tokens;
}

/** Words between a verb and the table it is about. */
const FILLERS = new Set([
  'only',
  'lateral',
  'table',
  'view',
  'materialized',
  'concurrently',
  'into',
  'from',
  'if',
  'not',
  'exists',
]);
const WRITING_VERBS = new Set(['insert', 'update', 'delete', 'merge', 'truncate', 'copy', 'refresh', 'drop', 'alter']);
/** What a verb may follow: elsewhere it is a column, or the `update` of `for update` and `do update`. */
const BEFORE_VERB = new Set([undefined, '(', ')', ';', 'analyze']);
const ENDS_FROM = new Set([
  'select',
  'where',
  'group',
  'having',
  'order',
  'limit',
  'offset',
  'union',
  'set',
  'values',
  ';',
]);

function scan(tokens: readonly Token[]): StatementTables {
  const reads = new Set<string>();
  const writes = new Set<string>();
  // One flag for each open parenthesis: whether a comma there separates tables, as in `from a, b`.
  const isInList: boolean[] = [false];
  let isTruncate = false;
  for (const [at, { keyword }] of tokens.entries()) {
    const depth = isInList.length - 1;
    if (keyword === '(') isInList.push(false);
    else if (keyword === ')' && depth > 0) isInList.pop();
    else if (keyword === ',' && isInList[depth]) add(isTruncate ? writes : reads, tableAfter(tokens, at));
    else if (ENDS_FROM.has(keyword)) isInList[depth] = isTruncate = false;
    else if (keyword === 'from' || keyword === 'join') {
      isInList[depth] = true;
      add(reads, tableAfter(tokens, at));
    } else if (isWriting(tokens, at)) {
      isTruncate = keyword === 'truncate';
      isInList[depth] = isTruncate;
      add(writes, tableAfter(tokens, at));
    }
  }
  return { reads: [...reads], writes: [...writes] };
}

function isWriting(tokens: readonly Token[], at: number): boolean {
  return WRITING_VERBS.has(tokens[at]!.keyword) && BEFORE_VERB.has(tokens[at - 1]?.keyword);
}

function tableAfter(tokens: readonly Token[], at: number): string | undefined {
  let next = at + 1;
  while (FILLERS.has(tokens[next]?.keyword ?? '')) next++;
  while (tokens[next + 1]?.keyword === '.') next += 2;
  return tokens[next]?.name;
}

function add(names: Set<string>, name: string | undefined): void {
  if (name !== undefined) names.add(name);
}
