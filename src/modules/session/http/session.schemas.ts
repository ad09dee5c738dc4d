import { z } from 'zod';
import { durationText } from '../../../common/config/config-schemas.js';
import type { EndStatus, Session, SessionData, SessionEnd } from '../session.types.js';
import type { RequestSession } from './request-session.js';

/** Shallow on purpose: members are checked when the data is stored, so that deep input needs little stack here. */
const data = z.record(z.string(), z.unknown()).transform((value) => value as SessionData);
const userId = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must not hold control characters');

const client = z.strictObject({ address: z.string().max(64).optional(), userAgent: z.string().max(256).optional() });
/** Each as `30d`, or milliseconds in text. */
const timeouts = z.strictObject({ idle: durationText().optional(), absolute: durationText().optional() });

/** Body of `POST /sessions`. */
export const createSessionSchema = z.strictObject({
  userId: userId.optional(),
  data: data.optional(),
  client: client.optional(),
  timeouts: timeouts.optional(),
});
export type CreateSessionBody = z.output<typeof createSessionSchema>;

/** Body of `PATCH /sessions/current`. */
export const mergeSessionSchema = z.strictObject({ data });
export type MergeSessionBody = z.output<typeof mergeSessionSchema>;

/** Path parameters. */
export const sessionIdSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'not a session id');
export const userIdSchema = userId;

/** Query of `DELETE /sessions`. */
export const revokeOwnSchema = z.strictObject({ keep: z.enum(['current']).optional() });
export type RevokeOwnQuery = z.output<typeof revokeOwnSchema>;

const time = z.iso.datetime();

/** A session as clients see it. */
export const sessionViewSchema = z.object({
  id: z.string(),
  userId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  createdAt: time,
  lastSeenAt: time,
  expiresAt: time,
  absoluteExpiresAt: time,
  /** The client that used it last. */
  client: z.object({ address: z.string().optional(), userAgent: z.string().optional() }).nullable(),
});
export type SessionView = z.output<typeof sessionViewSchema>;

/** A session with its token. The token is sent only in this response. */
export const issuedSessionSchema = z.object({
  token: z.string().optional(),
  session: sessionViewSchema,
  status: z.literal('queued').optional(),
});
export type IssuedSessionView = z.output<typeof issuedSessionSchema>;

/** Sessions of a user. */
export const sessionListSchema = z.object({
  sessions: z.array(sessionViewSchema.extend({ isCurrent: z.boolean().optional() })),
});
export type SessionList = z.output<typeof sessionListSchema>;

/** How many sessions were ended; with a status where other instances do not know yet (202). */
export const revokedSchema = z.object({ revoked: z.int(), status: z.literal('queued').optional() });
export type RevocationCount = z.output<typeof revokedSchema>;

/** Of an end that other instances do not know yet (202). */
export const queuedSchema = z.object({ status: z.literal('queued') });
export type Queued = z.output<typeof queuedSchema>;

/** Describes the 202 in the OpenAPI document. */
export const QUEUED = {
  standardSchema: queuedSchema,
  description:
    'The store of sessions does not answer: it holds on this instance only. It is sent to the store when that answers again.',
};

/** Sets 202 for an end that other instances do not know yet. Gives what the body then says. */
export function queuedIn(
  reply: { status(code: number): unknown },
  { status }: { readonly status: EndStatus },
): Queued | undefined {
  if (status === 'applied') return undefined;
  reply.status(202);
  return { status };
}

/** The count of an end, with 202 as {@link queuedIn}. */
export function revocationView(reply: Parameters<typeof queuedIn>[0], end: SessionEnd): RevocationCount {
  return { revoked: end.count, ...queuedIn(reply, end) };
}

/** A session as clients see it. */
export function viewOf(session: Session): SessionView {
  return {
    id: session.id,
    userId: session.userId,
    data: session.data,
    createdAt: new Date(session.createdAtMs).toISOString(),
    lastSeenAt: new Date(session.lastSeenAtMs).toISOString(),
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    absoluteExpiresAt: new Date(session.absoluteExpiresAtMs).toISOString(),
    client: session.client ?? null,
  };
}

/** A reissued session. The token is in the body only if the request had a bearer token: scripts of a page must not be able to read the token of a cookie. */
export function reissuedView(token: string, session: Session, via: RequestSession['via']): IssuedSessionView {
  return { ...(via === 'bearer' ? { token } : {}), session: viewOf(session) };
}
