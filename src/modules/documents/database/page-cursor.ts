import { ProblemException } from '../../../common/http/problems/problem.exception.js';

/** Where a page ended: its last document. A page found by it neither skips nor repeats when documents come and go. */
export interface PageCursor {
  readonly createdAt: Date;
  readonly id: string;
}

const FORMAT = /^(\d{1,14})\.([0-9a-f-]{36})$/;

export function encodeCursor({ createdAt, id }: PageCursor): string {
  return Buffer.from(`${createdAt.getTime()}.${id}`).toString('base64url');
}

/** @throws ProblemException 400 for text that no page gave. */
export function decodeCursor(text: string): PageCursor {
  const match = FORMAT.exec(Buffer.from(text, 'base64url').toString());
  if (!match) throw ProblemException.invalidInput([{ pointer: '/cursor', detail: 'not a cursor of this list' }]);
  return { createdAt: new Date(Number(match[1])), id: match[2]! };
}
