import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { attachedSession, nodeRequest } from './request-session.js';

/** Whether the request's session came in a `'cookie'` or as a `'bearer'` token. */
export const CurrentCredential = createParamDecorator(
  (_data: undefined, context: ExecutionContext) =>
    attachedSession(nodeRequest(context.switchToHttp().getRequest()))?.via,
);
