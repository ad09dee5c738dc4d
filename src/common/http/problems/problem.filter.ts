import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { summarizeError } from '../../logging/describe-error.js';
import { implyNoStore } from './implied-no-store.js';
import { ErrorDialects, type ErrorReply } from './error-dialects.js';
import { ProblemException } from './problem.exception.js';
import { toProblem } from './problem.js';

/** Seconds after which a client may try again, unless the error has its own time. */
const RETRY_AFTER_S = '1';

/** Renders every error: in the dialect of the path, otherwise as a problem detail (RFC 9457). Logs errors of the service, unexpected ones with their stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly dialects: ErrorDialects) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const answer = this.dialects.find(request.url)?.render(error, request) ?? renderProblem(error, request);
    if (answer.status >= 500) this.log(error, answer.status);
    // A response of Express is Node's own.
    const raw = (reply.raw as ServerResponse | undefined) ?? (reply as unknown as ServerResponse);
    if (reply.sent || raw.headersSent) {
      raw.destroy();
      return;
    }
    if (!isMarkedNoStore(reply, error)) implyNoStore(reply);
    void reply.status(answer.status);
    const headers = { ...(answer.status === 503 && { 'retry-after': RETRY_AFTER_S }), ...answer.headers };
    for (const [name, value] of Object.entries(headers)) void reply.header(name, value);
    void reply.send(answer.body);
  }

  /** An error with a chosen status (a store is away, an upstream is too slow) is expected. It is logged in one line without a stack, since there may be thousands. */
  private log(error: unknown, status: number): void {
    if (status === 500) this.logger.error(error);
    else this.logger.warn(`${status} ${summarizeError(error)}`);
  }
}

/** Whether the handler, or its error, says that the answer must not be stored. */
function isMarkedNoStore(reply: FastifyReply, error: unknown): boolean {
  const own = error instanceof ProblemException ? error.headers['cache-control'] : undefined;
  return /no-store/i.test(`${String(reply.getHeader('cache-control') ?? '')} ${own ?? ''}`);
}

/** Renders an error as a problem detail. */
export function renderProblem(error: unknown, request: Pick<FastifyRequest, 'id'>): ErrorReply {
  const problem = { ...toProblem(error), instance: `urn:request:${request.id ?? randomUUID()}` };
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // If the connection were closed, a client that is still sending would not receive the answer.
      ...(problem.status === 413 && { connection: 'keep-alive' }),
      ...retryAfterOf(error),
      ...(error instanceof ProblemException && error.headers),
    },
    body: JSON.stringify(problem),
  };
}

/** Errors of modules may say when a new attempt makes sense, in milliseconds. */
function retryAfterOf(error: unknown): Record<string, string> {
  const { retryAfterMs } = (error ?? {}) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : {};
}
