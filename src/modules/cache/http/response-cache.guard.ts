import { type CanActivate, Catch, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ResponseCacheHandler } from './response-cache-handler.js';
import { settingsOf } from './route-settings.js';

/** Ends Nest's pipeline after the response was sent. A guard has no other way to end it. */
class ResponseSentError extends Error {
  override readonly name = 'ResponseSentError';
}

const RESPONSE_SENT = new ResponseSentError('The response was sent from the cache.');

/** The last guard of a cached route. On a hit it answers, and nothing after it runs. */
export class ResponseCacheGuard implements CanActivate {
  constructor(private readonly handler: ResponseCacheHandler) {}

  /** True when the handler has to run. @throws ResponseSentError, which {@link ResponseSentFilter} catches. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    // A method may have several routes; each has settings of its own.
    const route = settingsOf(request.routeOptions.config);
    const payload = route && (await this.handler.tryAnswer(route, request, reply));
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
