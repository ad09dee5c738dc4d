import type { IncomingMessage, ServerResponse } from 'node:http';
import { ForbiddenException, Injectable, type NestMiddleware } from '@nestjs/common';
import { SessionResolver } from './session-resolver.js';

/**
 * Gives routes that work with and without a session theirs, for `@CurrentSession()`. A request another site made with
 * the cookie has none; 503 when one was sent and no store of sessions answers.
 *
 * @example
 * consumer.apply(SessionMiddleware).forRoutes('cart');
 */
@Injectable()
export class SessionMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(private readonly resolver: SessionResolver) {}

  async use(request: IncomingMessage, _reply: ServerResponse, next: (error?: unknown) => void): Promise<void> {
    try {
      await this.resolver.resolve(request);
    } catch (error) {
      if (!(error instanceof ForbiddenException)) return next(error);
    }
    next();
  }
}
