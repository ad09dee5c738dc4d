import type { IncomingMessage } from 'node:http';
import type { Session } from '../session.types.js';

/** The session of a request and what it came in. */
export interface RequestSession {
  readonly session: Session;
  /** Browsers send cookies by themselves, for anyone's page; a bearer token is sent by who has it. */
  readonly via: 'cookie' | 'bearer';
}

const sessions = new WeakMap<IncomingMessage, RequestSession>();

/** Remembers whose request this is. */
export function attachSession(request: IncomingMessage, session: RequestSession): void {
  sessions.set(request, session);
}

/** What was attached. */
export function attachedSession(request: IncomingMessage): RequestSession | undefined {
  return sessions.get(request);
}
