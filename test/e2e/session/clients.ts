import { createHash } from 'node:crypto';
import type { Response } from 'supertest';
import type { TestApp } from '../../support/test-app.js';

const API_KEY = 'a-key-that-trusted-services-know';

/** What an app needs so that {@link createSession} may create. */
export const SESSION_ENV = { SESSION_API_KEYS: createHash('sha256').update(API_KEY).digest('hex') };

/** The header of a trusted service. */
export const TRUSTED = { authorization: `Bearer ${API_KEY}` };

/** A session made over REST, and the headers of those who hold it. */
export interface HeldSession {
  readonly id: string;
  readonly token: string;
  readonly bearer: { authorization: string };
  readonly cookie: { cookie: string };
}

/** Creates a session as a trusted service does. */
export async function createSession(
  app: Pick<TestApp, 'http'>,
  body: { userId?: string; data?: object } = { userId: 'ada' },
): Promise<HeldSession> {
  const reply = await app.http.post('/sessions').set(TRUSTED).send(body).expect(201);
  return heldBy(reply.body.token as string, reply.body.session.id as string);
}

/** The session in the cookie of a reply. */
export function cookieOf(reply: Response): { cookie: string } {
  const [cookie] = reply.get('Set-Cookie') ?? [];
  if (cookie === undefined) throw new Error('No cookie was set.');
  return { cookie: cookie.split(';')[0]! };
}

function heldBy(token: string, id: string): HeldSession {
  return { id, token, bearer: { authorization: `Bearer ${token}` }, cookie: { cookie: `__Host-sid=${token}` } };
}
