import { BadRequestException, MethodNotAllowedException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Methods any route may have. TRACE, which sends back cookies and keys, is none of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ALLOW = [...METHODS].join(', ');

/**
 * Refuses, before any route, what Node lets pass: a method no route has (405), and a request that names several hosts
 * (400, RFC 9112 3.2), of which a proxy may have read another than we do.
 */
export function refuseUnserved(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (!METHODS.has(request.method)) {
      reply.header('allow', ALLOW);
      return done(new MethodNotAllowedException(`${request.method} is not served here.`));
    }
    return done(
      namesOneHost(request.raw.rawHeaders) ? undefined : new BadRequestException('The request names several hosts.'),
    );
  });
}

/** @param rawHeaders names and values in turn. That there is one Node sees to. */
function namesOneHost(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count < 2;
}
