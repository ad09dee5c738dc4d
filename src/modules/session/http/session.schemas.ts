import { z } from 'zod';
import type { Session, SessionData } from '../session.types.js';
import type { RequestSession } from './request-session.js';

/** Shallow on purpose: members are checked when the data is stored, so that deep input needs little stack here. */
const data = z.record(z.string(), z.unknown()).transform((value) => value as SessionData);
const userId = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must not hold control characters');

/** Body of `POST /sessions`. */
export const createSessionSchema = z.strictObject({ userId: userId.optional(), data: data.optional() });
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
});
export type SessionView = z.output<typeof sessionViewSchema>;

/** A session with its token. The token is sent only in this response. */
export const issuedSessionSchema = z.object({ token: z.string().optional(), session: sessionViewSchema });
export type IssuedSessionView = z.output<typeof issuedSessionSchema>;

/** Sessions of a user. */
export const sessionListSchema = z.object({
  sessions: z.array(sessionViewSchema.extend({ isCurrent: z.boolean().optional() })),
});
export type SessionList = z.output<typeof sessionListSchema>;

/** How many sessions were ended. */
export const revokedSchema = z.object({ revoked: z.int() });
export type RevocationCount = z.output<typeof revokedSchema>;

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
  };
}

/** A reissued session. The token is in the body only if the request had a bearer token: scripts of a page must not be able to read the token of a cookie. */
export function reissuedView(token: string, session: Session, via: RequestSession['via']): IssuedSessionView {
  return { ...(via === 'bearer' ? { token } : {}), session: viewOf(session) };
}
