import { ProblemException } from '../../common/http/problems/problem.exception.js';
import type { Document } from './documents.schemas.js';

/**
 * The entity tag of a document: its version. A document that search skips tells the reason, so it is another text and has
 * another tag.
 */
export function versionTag({ version, searchProblem }: Pick<Document, 'version' | 'searchProblem'>): string {
  return searchProblem === undefined ? `"${version}"` : `"${version}-skipped"`;
}

/** Every tag that documents have: the cache adds the coding of a compressed response. */
const OWN_TAG = /^"([1-9]\d{0,8})(?:-skipped)?(?:-(?:br|gzip))?"$/;

/** One member of a list of entity tags, or the end of the list (RFC 9110 8.8.3). */
const MEMBER = /[ \t]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(,|$)/y;

/**
 * The versions that an `If-Match` takes; `undefined` for any (`*`, or no header). Tags are compared whole and strongly: a weak
 * tag, and a tag that no document ever had, take none.
 *
 * @throws ProblemException 400 for text that is no list of entity tags.
 */
export function versionsIn(ifMatch: string | undefined): ReadonlySet<number> | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const versions = tagsIn(ifMatch).flatMap((tag) => {
    const version = OWN_TAG.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
  return new Set(versions);
}

function tagsIn(list: string): string[] {
  const tags: string[] = [];
  MEMBER.lastIndex = 0;
  for (;;) {
    const member = MEMBER.exec(list);
    if (!member) break;
    if (member[1] !== undefined) tags.push(member[1]);
    if (member[2] !== '') continue;
    if (tags.length > 0) return tags;
    break;
  }
  throw ProblemException.invalidInput([{ pointer: '/if-match', detail: 'not a list of entity tags' }]);
}
