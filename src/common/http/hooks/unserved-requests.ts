import { BadRequestException, MethodNotAllowedException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

/** Methods any route may have. TRACE, which sends back cookies and keys, is none of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ALLOW = [...METHODS].join(', ');

/**
 * Refuses, before any route, a method that no route has (405), and a request that names no host or several (400, RFC 9112
 * 3.2): of several, a proxy may have read another than we do.
 */
export function refuseUnserved(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (!METHODS.has(request.method)) {
      reply.header('allow', ALLOW);
      return done(new MethodNotAllowedException(`${request.method} is not served here.`));
    }
    return done(hostProblem(request.raw));
  });
}

function hostProblem({ rawHeaders, httpVersion }: IncomingMessage): BadRequestException | undefined {
  // Names and values, alternating.
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host');
  if (hosts.length > 1) return new BadRequestException('The request names several hosts.');
  if (hosts.length === 0 && httpVersion === '1.1') return new BadRequestException('The request names no host.');
  return undefined;
}
