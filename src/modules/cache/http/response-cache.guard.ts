import { type CanActivate, Catch, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ResponseCacheHandler } from './response-cache-handler.js';
import type { RouteSettings } from './route-settings.js';

/** Ends Nest's pipeline after the response was sent. A guard has no other way to end it. */
class ResponseSentError extends Error {
  override readonly name = 'ResponseSentError';
}

const RESPONSE_SENT = new ResponseSentError('The response was sent from the cache.');

/** The last guard of a cached route. On a hit it answers, and nothing after it runs. */
export class ResponseCacheGuard implements CanActivate {
  constructor(
    private readonly handler: ResponseCacheHandler,
    private readonly route: RouteSettings,
  ) {}

  /** True when the handler has to run. @throws ResponseSentError, which {@link ResponseSentFilter} catches. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const payload = await this.handler.tryAnswer(this.route, http.getRequest<FastifyRequest>(), reply);
    if (payload === undefined) return true;
    void reply.send(payload ?? undefined);
    throw RESPONSE_SENT;
  }
}

/** Catches {@link ResponseSentError}. Nest asks it first, because it is the last filter of the method. */
@Catch(ResponseSentError)
export class ResponseSentFilter implements ExceptionFilter {
  catch(): void {}
}
