import { ProblemException } from '../../common/http/problems/problem.exception.js';

/** The entity tag of a document's version. */
export function versionTag(version: number): string {
  return `"${version}"`;
}

/** A compressed response has its coding in its tag: `"3-br"` is version 3 too. */
const TAG = /^"(\d{1,9})(?:-\w+)?"$/;

/**
 * The version an `If-Match` asks for; `undefined` when any will do. A tag no document ever had is version 0, which none has.
 *
 * @throws ProblemException 400 for more than one tag, which no client of ours needs.
 */
export function versionIn(ifMatch: string | undefined): number | undefined {
  const given = ifMatch?.trim();
  if (given === undefined || given === '*') return undefined;
  if (given.includes(','))
    throw ProblemException.invalidInput([{ pointer: '/if-match', detail: 'give one entity tag' }]);
  return Number(TAG.exec(given)?.[1] ?? 0);
}
