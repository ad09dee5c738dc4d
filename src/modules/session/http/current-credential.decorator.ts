import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { attachedSession } from './request-session.js';

/** Whether the request's session came in a `'cookie'` or as a `'bearer'` token. */
export const CurrentCredential = createParamDecorator(
  (_data: undefined, context: ExecutionContext) =>
    attachedSession(context.switchToHttp().getRequest<FastifyRequest>().raw)?.via,
);
