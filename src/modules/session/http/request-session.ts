import type { IncomingMessage } from 'node:http';
import type { Session } from '../session.types.js';

/** The session of a request and the credential that carried its token. */
export interface RequestSession {
  readonly session: Session;
  /** A browser adds cookies to the requests of every page, also of other sites; only a client that has the token can send it as bearer. */
  readonly via: 'cookie' | 'bearer';
}

const sessions = new WeakMap<IncomingMessage, RequestSession>();

/** Attaches the session to its request. */
export function attachSession(request: IncomingMessage, session: RequestSession): void {
  sessions.set(request, session);
}

/** Node's own request in a request of Fastify or of Express. */
export function nodeRequest(request: IncomingMessage | { readonly raw: IncomingMessage }): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}

/** The session attached to a request; `undefined` when there is none. */
export function attachedSession(request: IncomingMessage): RequestSession | undefined {
  return sessions.get(request);
}

/** Detaches the session from its request. Returns the function that attaches it again. */
export function hideSession(request: IncomingMessage): () => void {
  const attached = sessions.get(request);
  sessions.delete(request);
  return () => {
    if (attached) sessions.set(request, attached);
  };
}
