import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { LoggingConfig } from '../../logging/logging.config.js';
import { requestContext } from './request-context.js';

/** Paths that are not logged: too frequent and of little interest. */
const UNLOGGED = /^\/(health|metrics)(\/|$)/;

/** What a 401 asks for (RFC 9110 11.6.1), in the words of RFC 6750. */
const CHALLENGE = 'Bearer realm="larder"';

/** Gives every request its context and its `x-request-id` header, every 401 its challenge, and logs a request after its answer. */
export function addRequestHooks(server: FastifyInstance, logged: LoggingConfig['requests']): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    requestContext.run({ requestId: request.id }, done);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode === 401 && !reply.hasHeader('www-authenticate')) {
      const isWrong = request.headers.authorization !== undefined;
      reply.header('www-authenticate', isWrong ? `${CHALLENGE}, error="invalid_token"` : CHALLENGE);
    }
    done(null, payload);
  });
  if (logged === 'none') return;
  const logger = new Logger('Http');
  server.addHook('onResponse', (request, reply, done) => {
    // The pattern is logged, not the path: paths contain ids, and queries contain texts.
    const route = request.routeOptions.url ?? '(no route)';
    if ((logged === 'all' && !UNLOGGED.test(route)) || reply.statusCode >= 500) {
      const durationMs = Math.round(reply.elapsedTime * 10) / 10;
      logger.log(`${request.method} ${route} ${reply.statusCode}`, { durationMs, requestId: request.id });
    }
    done();
  });
}
