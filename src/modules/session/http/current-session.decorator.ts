import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Session } from '../session.types.js';
import { attachedSession } from './request-session.js';

/**
 * The request's session, or one property of it. `undefined` only on routes without `SessionGuard`.
 *
 * @example
 * cart(@CurrentSession() session: Session, @CurrentSession('userId') userId: string | null) { … }
 */
export const CurrentSession = createParamDecorator((property: keyof Session | undefined, context: ExecutionContext) => {
  const session = attachedSession(context.switchToHttp().getRequest<FastifyRequest>().raw)?.session;
  return property ? session?.[property] : session;
});
