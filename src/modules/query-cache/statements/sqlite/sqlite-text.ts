const TOKEN = new RegExp(
  [
    String.raw`(?<gap>\s+|--[^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|` + '`(?:[^`]|``)*`' + String.raw`|\[[^\]]*\])`,
    String.raw`(?<word>[\p{L}\p{N}_$]+)`,
    String.raw`(?<mark>[\s\S])`,
  ].join('|'),
  'gu',
);
const UNCLOSED = new Set(["'", '"', '`', '[']);

interface Token {
  /** As it is written, or as the parser shall read it. */
  text: string;
  /** A word in lower case, or a mark; nothing for quoted text. */
  readonly word: string;
  /** The text before it. */
  readonly gap: string;
}

/**
 * A text of SQLite as the parser reads it rightly: without comments, without `indexed by i` and `not indexed`, with `like` for
 * the other operators of its kind, and without the target of `on conflict`, which can neither read nor change a table.
 *
 * @throws when a string, a name or a comment has no end.
 */
export function prepareSqlite(statement: string): string {
  const tokens = tokensOf(statement);
  const wordAt = (index: number) => tokens[index]?.word;
  let prepared = '';
  for (let at = 0; at < tokens.length; at++) {
    const { text, word, gap } = tokens[at]!;
    if (word === 'indexed' && wordAt(at + 1) === 'by') at += 2;
    else if (word === 'not' && wordAt(at + 1) === 'indexed') at += 1;
    else if ((word === 'glob' || word === 'match') && wordAt(at + 1) !== '(') prepared += `${gap}like`;
    else prepared += gap + text;
    if (word === 'conflict' && wordAt(at - 1) === 'on' && wordAt(at + 1) === '(')
      at = endOfConflictTarget(tokens, at + 1) - 1;
  }
  return prepared;
}

/** Where the `do` of `on conflict (...) where ... do` is. */
function endOfConflictTarget(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const { word } = tokens[at]!;
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (word === 'select') break;
    else if (word === 'do' && depth === 0) return at;
  }
  throw new Error('The target of a conflict is not understood');
}

function tokensOf(statement: string): Token[] {
  const tokens: Token[] = [];
  let gap = '';
  for (const { 0: text, groups = {} } of statement.matchAll(TOKEN)) {
    const { word, mark } = groups;
    if (groups['gap'] !== undefined) gap = ' ';
    else {
      if (mark !== undefined && UNCLOSED.has(mark)) throw new Error('A string or a name has no end');
      tokens.push({ text, word: word?.toLowerCase() ?? mark ?? '', gap });
      gap = '';
    }
  }
  return tokens;
}
