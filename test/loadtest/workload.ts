import { seededRandom } from '../support/seeded-random.js';
import type { HttpCall, HttpClient } from './http-client.js';
import { zipf } from './zipf.js';

const TEXTS_PER_REQUEST = 4;
const DIMENSIONS = 256;
const SESSIONS = 200;
const TOPICS = 40;

/** Shares of the requests, in percent. */
const MIX = { embeddings: 30, document: 30, list: 10, facets: 5, session: 24, write: 1 } as const;

/** Kinds of requests: what the service caches in each of its ways, and the writes that invalidate. */
export type RequestKind = keyof typeof MIX;

/** A request that is to be sent. */
export interface PlannedCall {
  readonly kind: RequestKind;
  readonly call: HttpCall;
}

/** What requests name and need: ids, tokens and keys of the service under test. */
export interface WorkloadData {
  readonly documentIds: readonly string[];
  readonly sessionTokens: readonly string[];
  readonly embeddingKey: string | undefined;
  readonly documentsToken: string | undefined;
  /** Distinct texts. */
  readonly texts: number;
}

/** The ids of the newest documents, at most 1,000. Page by page: no database is needed to run against a target. */
export async function findDocumentIds(client: HttpClient, origin: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const place = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = await client.json<{ items: { id: string }[]; nextCursor?: string | null; next?: string | null }>(
      origin,
      { method: 'GET', path: `/documents?limit=100${place}` },
    );
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? page.next;
  } while (cursor && ids.length < 1_000);
  return ids;
}

/** Creates sessions as a trusted service does. Returns their tokens. */
export async function createSessions(client: HttpClient, origin: string, key: string): Promise<string[]> {
  const tokens: string[] = [];
  for (let user = 0; user < SESSIONS; user++) {
    const { token } = await client.json<{ token: string }>(origin, {
      method: 'POST',
      path: '/sessions',
      headers: { authorization: `Bearer ${key}` },
      body: { userId: `loadtest-${user}` },
    });
    tokens.push(token);
  }
  return tokens;
}

/** An endless stream of requests, the same for the same seed. Kinds whose data is missing are left out. */
export function* plannedCalls(data: WorkloadData, seed: number): Generator<PlannedCall, never> {
  const random = seededRandom(seed);
  const kinds = (Object.keys(MIX) as RequestKind[]).filter((kind) => isPossible(kind, data));
  if (kinds.length === 0) throw new Error('No kind of request is possible: documents, sessions and keys are missing.');
  const total = kinds.reduce((sum, kind) => sum + MIX[kind], 0);
  const text = zipf(data.texts, random);
  const document = zipf(Math.max(1, data.documentIds.length), random);
  const session = zipf(Math.max(1, data.sessionTokens.length), random);
  const topic = zipf(TOPICS, random);
  const callOf: Record<RequestKind, () => HttpCall> = {
    embeddings: () => ({
      method: 'POST',
      path: '/v1/embeddings',
      headers: bearer(data.embeddingKey),
      body: {
        model: 'text-embedding-3-small',
        dimensions: DIMENSIONS,
        encoding_format: 'base64',
        input: Array.from({ length: TEXTS_PER_REQUEST }, () => `How do I change setting number ${text()}?`),
      },
    }),
    document: () => ({ method: 'GET', path: `/documents/${data.documentIds[document()]}` }),
    list: () => ({ method: 'GET', path: `/documents?topic=${encodeURIComponent(`topic ${topic()}`)}` }),
    facets: () => ({ method: 'GET', path: '/documents/facets' }),
    session: () => ({ method: 'GET', path: '/sessions/current', headers: bearer(data.sessionTokens[session()]) }),
    write: () => ({
      method: 'PATCH',
      path: `/documents/${data.documentIds[document()]}`,
      headers: bearer(data.documentsToken),
      body: { title: `Title ${Math.floor(random() * 1e9)}` },
    }),
  };
  for (;;) {
    let point = random() * total;
    const kind = kinds.find((candidate) => (point -= MIX[candidate]) < 0) ?? kinds[0]!;
    yield { kind, call: callOf[kind]() };
  }
}

function isPossible(kind: RequestKind, data: WorkloadData): boolean {
  switch (kind) {
    case 'embeddings':
      return data.embeddingKey !== undefined;
    case 'session':
      return data.sessionTokens.length > 0;
    case 'write':
      return data.documentsToken !== undefined && data.documentIds.length > 0;
    default:
      return data.documentIds.length > 0;
  }
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
