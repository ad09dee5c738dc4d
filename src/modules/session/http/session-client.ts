import type { IncomingMessage } from 'node:http';
import type { SessionClient } from '../session.types.js';

const MAX_USER_AGENT = 256;
const MAX_ADDRESS = 64;

/**
 * The client of a request of Fastify or Express: the address as the framework knows it (`HTTP_TRUST_PROXY`), and what
 * the client says of itself.
 */
export function sessionClientOf(request: {
  readonly ip?: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket?: { readonly remoteAddress?: string | undefined };
}): SessionClient {
  const address = request.ip ?? request.socket?.remoteAddress;
  const userAgent = request.headers['user-agent'];
  return {
    ...(address !== undefined && { address: address.slice(0, MAX_ADDRESS) }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, MAX_USER_AGENT) }),
  };
}
