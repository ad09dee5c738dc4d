/**
 * How the drivers of Drizzle give rows: as a list (postgres.js, libsql), in an object (node-postgres, PGlite, proxies), or
 * in a pair with the fields (mysql2). Other parts of an answer are not stored.
 */
export type AnswerForm = 'list' | 'object' | 'pair';

/** The rows of a driver's answer, as they are stored. */
export interface StoredAnswer {
  readonly form: AnswerForm;
  readonly rows: unknown;
}

/** `undefined` for an answer of another form. */
export function toStoredAnswer(answer: unknown): StoredAnswer | undefined {
  if (Array.isArray(answer)) {
    return isPair(answer) ? { form: 'pair', rows: answer[0] } : { form: 'list', rows: answer.map(toCells) };
  }
  if (typeof answer === 'object' && answer !== null && 'rows' in answer) return { form: 'object', rows: answer.rows };
  return undefined;
}

export function fromStoredAnswer({ form, rows }: StoredAnswer): unknown {
  switch (form) {
    case 'list':
      return rows;
    case 'object':
      return { rows };
    case 'pair':
      return [rows];
  }
}

/** mysql2 gives rows and a list of fields, each of which has the name of its column. */
function isPair(answer: readonly unknown[]): boolean {
  const [rows, fields] = answer;
  return answer.length === 2 && Array.isArray(rows) && Array.isArray(fields) && fields.every(isField);
}

function isField(field: unknown): boolean {
  return typeof field === 'object' && field !== null && 'name' in field && 'columnType' in field;
}

/** Rows of libsql are objects with numbered cells and a length. */
function toCells(row: unknown): unknown {
  const isListLike = typeof row === 'object' && row !== null && !Array.isArray(row) && typeof (row as ArrayLike<unknown>).length === 'number';
  return isListLike && !Object.keys(row).includes('length') ? Array.from(row as ArrayLike<unknown>) : row;
}
