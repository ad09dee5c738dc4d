import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { problemSchema } from '../problems/problem.schema.js';

const DESCRIPTIONS = {
  400: 'The request is not valid; `errors` names each wrong field.',
  401: 'The token is missing or wrong.',
  403: 'Not from here, or not allowed.',
  404: 'There is no such thing.',
  406: 'The client accepts no JSON.',
  409: 'A request with the same Idempotency-Key is under way. Try again.',
  412: 'Another write came first: the ETag in If-Match is not the current one.',
  413: 'The body is too large.',
  415: 'The body is not JSON in UTF-8.',
  422: 'The Idempotency-Key was used for another request.',
  428: 'If-Match is required.',
  429: 'Too many requests with this key, or too many wrong keys.',
  503: 'The database, or the embedding model, is away. Try again.',
} as const;

const { $schema: _draft, ...schema } = z.toJSONSchema(problemSchema);
const content = { 'application/problem+json': { schema: schema as object } };

/** Describes the errors of a route in the OpenAPI document: all are problem details (RFC 9457). */
export function ApiProblems(...statuses: readonly (keyof typeof DESCRIPTIONS)[]): MethodDecorator {
  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, description: DESCRIPTIONS[status], content })),
  );
}
