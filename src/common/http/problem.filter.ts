import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ErrorDialects, type ErrorReply } from './error-dialects.js';
import { toProblem } from './problem.js';

/** Renders whatever was thrown: in the dialect of the path, otherwise as a problem detail (RFC 9457). Logs what is our fault. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly dialects: ErrorDialects) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const answer = this.dialects.find(request.url)?.render(error, request) ?? renderProblem(error, request);
    if (answer.status >= 500) this.logger.error(error);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    void reply
      .status(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body);
  }
}

/** The reply of an error as a problem detail. */
export function renderProblem(error: unknown, request: Pick<FastifyRequest, 'id'>): ErrorReply {
  const problem = { ...toProblem(error), instance: `urn:request:${request.id}` };
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: JSON.stringify(problem),
  };
}
