import { z } from 'zod';

/** PostgreSQL keeps every character but NUL. Half of a surrogate pair is no character: it has no UTF-8. */
const text = (maxLength: number, string = z.string()) =>
  string
    .min(1)
    .max(maxLength)
    .refine((value) => !value.includes('\0'), 'must not contain NUL')
    .refine((value) => value.isWellFormed(), 'must not contain half of a surrogate pair');
const line = (maxLength: number) => text(maxLength, z.string().trim());

const title = line(300);
const body = text(100_000);
const name = line(100);
const labels = z
  .array(name)
  .max(20)
  .transform((given) => [...new Set(given)]);

/** Body of a request that creates a document. */
export const newDocument = z.strictObject({ title, body, author: name, topic: name, labels: labels.default([]) });
export type NewDocument = z.output<typeof newDocument>;

/** Body of a request that creates several documents: all of them, or none. */
export const newDocuments = z.strictObject({ documents: z.array(newDocument).min(1).max(100) });
export type NewDocuments = z.output<typeof newDocuments>;

/** Body of a request that changes a document: the fields that change. */
export const documentChange = z
  .strictObject({ title, body, author: name, topic: name, labels })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'nothing to change');
export type DocumentChange = z.output<typeof documentChange>;

/** A document as clients see it. `version` begins at 1 and grows with each change; it is also the ETag. */
export const document = z.object({
  id: z.uuid(),
  title: z.string(),
  body: z.string(),
  author: z.string(),
  topic: z.string(),
  labels: z.array(z.string()),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Why search can not find the document; left out where it can, or will. */
  searchProblem: z.string().optional(),
});
export type Document = z.output<typeof document>;

/** A document without its text, as in lists. */
export const documentSummary = document.omit({ body: true, searchProblem: true });
export type DocumentSummary = z.output<typeof documentSummary>;

/** Which documents a list holds; conditions are joined by "and". */
export const documentFilter = z.strictObject({
  author: name.optional(),
  topic: name.optional(),
  label: name.optional(),
});
export type DocumentFilter = z.output<typeof documentFilter>;

/** One page of a list; by default the newest documents first. Documents of one time or title are in the order of their ids. */
export const pageRequest = documentFilter.extend({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  sort: z.enum(['createdAt', 'updatedAt', 'title']).default('createdAt'),
  order: z.enum(['asc', 'desc']).default('desc'),
  /** `nextCursor` or `previousCursor` of a page of the same list. */
  cursor: z.string().max(4_000).optional(),
});
export type PageRequest = z.output<typeof pageRequest>;

export const documentPage = z.object({
  items: z.array(documentSummary),
  /** Left out on the last page. */
  nextCursor: z.string().optional(),
  /** Left out on the first page. */
  previousCursor: z.string().optional(),
});
export type DocumentPage = z.output<typeof documentPage>;

/** A question in plain language. */
export const searchRequest = z.strictObject({
  q: line(1_000),
  limit: z.coerce.number().int().min(1).max(50).default(10),
});
export type SearchRequest = z.output<typeof searchRequest>;

/** A document that a search found; `score` is the cosine, 1 for the same direction. */
export const foundDocument = documentSummary.extend({ score: z.number() });
export type FoundDocument = z.output<typeof foundDocument>;

/** How much of all documents a search can find now. */
export const indexCounts = z.object({
  documents: z.int(),
  /** Found by search. Documents among them whose text changed just now are found by the older text. */
  indexed: z.int(),
  /** Not indexed yet, or by an older text: they will be. */
  pending: z.int(),
  /** Never found: `searchProblem` of each document says why. */
  skipped: z.int(),
});

export type IndexCounts = z.output<typeof indexCounts>;

export const searchResult = z.object({
  /** Nearest in meaning first. */
  items: z.array(foundDocument),
  index: indexCounts,
});
export type SearchResult = z.output<typeof searchResult>;

/** The documents that bulk creation made, in the order in which they were sent. */
export const createdDocuments = z.object({ items: z.array(documentSummary) });
export type CreatedDocuments = z.output<typeof createdDocuments>;

const facet = z.object({
  /** The most frequent first. */
  values: z.array(z.object({ value: z.string(), count: z.int() })),
  /** The rest that `values` leaves out: the number of further values, and of their documents. */
  omitted: z.object({ values: z.int(), count: z.int() }),
});
export type Facet = z.output<typeof facet>;

/** How many documents there are of each kind. */
export const documentFacets = z.object({
  total: z.int(),
  /** Characters in a text, on average. */
  averageLength: z.number(),
  topics: facet,
  authors: facet,
  /** By month of creation, as `2026-11`, in UTC. */
  months: facet,
});
export type DocumentFacets = z.output<typeof documentFacets>;
