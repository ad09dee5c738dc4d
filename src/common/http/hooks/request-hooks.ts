import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { LoggingConfig } from '../../logging/logging.config.js';
import { requestContext } from './request-context.js';

/** Paths that are not logged: too frequent and of little interest. */
const UNLOGGED = /^\/(health|metrics)(\/|$)/;

/** Gives every request its context and its `x-request-id` header, and logs it after its answer. */
export function addRequestHooks(server: FastifyInstance, logged: LoggingConfig['requests']): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    requestContext.run({ requestId: request.id }, done);
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
