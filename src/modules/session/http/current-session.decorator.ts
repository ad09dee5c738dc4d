import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Session } from '../session.types.js';
import { attachedSession, nodeRequest } from './request-session.js';

/**
 * The request's session, or one property of it. `undefined` only on routes without `SessionGuard`.
 *
 * @example
 * cart(@CurrentSession() session: Session, @CurrentSession('userId') userId: string | null) { … }
 */
export const CurrentSession = createParamDecorator((property: keyof Session | undefined, context: ExecutionContext) => {
  const session = attachedSession(nodeRequest(context.switchToHttp().getRequest()))?.session;
  return property ? session?.[property] : session;
});
