import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { nodeRequest } from './request-session.js';
import { sessionClientOf } from './session-client.js';
import { SessionResolver } from './session-resolver.js';

/**
 * Lets only requests with a living session pass: 401 without one, 403 for a state-changing request that another site
 * made with the cookie, 503 when no store of sessions answers.
 *
 * @example
 * @UseGuards(SessionGuard)
 * @Get('me')
 * me(@CurrentSession() session: Session) { … }
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly resolver: SessionResolver) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IncomingMessage | FastifyRequest>();
    if (await this.resolver.resolve(nodeRequest(request), sessionClientOf(request))) return true;
    throw new UnauthorizedException(
      'There is no session, or it has ended. Send the session cookie or `Authorization: Bearer <session token>`.',
    );
  }
}
