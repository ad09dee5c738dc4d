import type { IncomingMessage, ServerResponse } from 'node:http';
import { ForbiddenException, Injectable, type NestMiddleware } from '@nestjs/common';
import { sessionClientOf } from './session-client.js';
import { SessionResolver } from './session-resolver.js';

/**
 * For routes that work with and without a session: finds the session for `@CurrentSession()`. The cookie is ignored in a
 * request from another site. Answers 503 when a request has a token and no store of sessions answers.
 *
 * @example
 * consumer.apply(SessionMiddleware).forRoutes('cart');
 */
@Injectable()
export class SessionMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(private readonly resolver: SessionResolver) {}

  async use(request: IncomingMessage, _reply: ServerResponse, next: (error?: unknown) => void): Promise<void> {
    try {
      await this.resolver.resolve(request, sessionClientOf(request));
    } catch (error) {
      if (!(error instanceof ForbiddenException)) return next(error);
    }
    next();
  }
}
