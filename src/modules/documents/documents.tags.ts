import type { Document, DocumentFilter } from './documents.schemas.js';

/** All cached reads of documents, and everything their writes evict, are in this namespace. */
export const DOCUMENTS_CACHE = 'documents';

/** Counts over all documents. */
export const FACETS_TAG = 'documents:facets';

/** Results of searches, in which any document may appear. */
export const SEARCH_TAG = 'documents:search';

const EVERY_LIST = 'documents:list';

/** A UUID may be written in capitals; it is the same document. */
export function documentTag(id: string): string {
  return `document:${id.toLowerCase()}`;
}

/**
 * The one tag of a list: its narrowest condition. A document that enters the list, leaves it or changes in it meets that
 * condition before or after, so its change evicts the list; a document of another author does not.
 */
export function listTag({ author, label, topic }: DocumentFilter): string {
  if (author !== undefined) return `${EVERY_LIST}:author:${author}`;
  if (label !== undefined) return `${EVERY_LIST}:label:${label}`;
  if (topic !== undefined) return `${EVERY_LIST}:topic:${topic}`;
  return EVERY_LIST;
}

/**
 * The tag of a list with these documents. An empty list has that of all lists, which any write evicts: conditions that no
 * document meets, of which there is no end, leave no tags.
 */
export function tagOfPage(filter: DocumentFilter, documents: readonly unknown[]): string {
  return documents.length > 0 ? listTag(filter) : EVERY_LIST;
}

/** A document before and after a write; one of them is missing when it was created or deleted. */
export interface DocumentWrite {
  readonly before?: Document;
  readonly after?: Document;
}

/** Tags of everything a write made untrue, and of nothing else. */
export function tagsOfWrite({ before, after }: DocumentWrite): string[] {
  const tags = new Set([EVERY_LIST, SEARCH_TAG]);
  for (const document of [before, after]) {
    if (!document) continue;
    tags.add(documentTag(document.id));
    tags.add(listTag({ author: document.author }));
    tags.add(listTag({ topic: document.topic }));
    for (const label of document.labels) tags.add(listTag({ label }));
  }
  if (isCountedOtherwise(before, after)) tags.add(FACETS_TAG);
  return [...tags];
}

function isCountedOtherwise(before: Document | undefined, after: Document | undefined): boolean {
  return (
    before?.topic !== after?.topic ||
    before?.author !== after?.author ||
    (before && charactersIn(before.body)) !== (after && charactersIn(after.body))
  );
}

/** As PostgreSQL counts them: an emoji is one, though a string of JavaScript holds it as two. */
function charactersIn(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}
