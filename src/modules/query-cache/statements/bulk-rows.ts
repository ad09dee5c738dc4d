const NAME = String.raw`(?:"[^"]+"|` + '`[^`]+`' + String.raw`|[\p{L}_][\p{L}\p{N}_$]*)`;
const QUALIFIED_NAME = String.raw`${NAME}(?:\s*\.\s*${NAME}){0,2}`;
const COLUMNS = String.raw`\(\s*${NAME}(?:\s*,\s*${NAME})*\s*\)`;
/** From the very beginning of the text to the first row, so that no quote or comment can be open where a row begins. */
const HEAD = new RegExp(
  String.raw`^\s*(?:insert|replace)(?:\s+(?:or\s+)?\w+){0,3}?\s+into\s+${QUALIFIED_NAME}\s*(?:${COLUMNS})?\s*values\s*`,
  'iu',
);
const VALUE = String.raw`(?:\$\d+|\?|default|null|true|false|-?\d+(?:\.\d+)?)`;
const ROW = new RegExp(String.raw`\(\s*${VALUE}(?:\s*,\s*${VALUE})*\s*\)\s*`, 'iuy');
const COMMA = /,\s*/uy;

/** Shorter texts are parsed as they are. */
const MIN_LENGTH = 1_000;

/**
 * The same statement with the first of its many rows: `insert into t (a) values (?), (?), (?)` reads and changes what
 * `insert into t (a) values (?)` does. Inserts of any number of rows so have one text, and are parsed once.
 */
export function withOneRow(statement: string): string {
  if (statement.length < MIN_LENGTH) return statement;
  const head = HEAD.exec(statement)?.[0];
  if (head === undefined) return statement;
  const firstEnd = endOf(ROW, statement, head.length);
  if (firstEnd === undefined) return statement;
  let end = firstEnd;
  for (;;) {
    const afterComma = endOf(COMMA, statement, end);
    const next = afterComma === undefined ? undefined : endOf(ROW, statement, afterComma);
    if (next === undefined) return `${statement.slice(0, firstEnd)} ${statement.slice(end)}`;
    end = next;
  }
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
