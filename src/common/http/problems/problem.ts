import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

/** A problem detail (RFC 9457), the body of every error outside the foreign API dialects. */
export interface Problem {
  /** Identifies the type of problem: a URN, or `about:blank` when the status is enough. */
  readonly type: string;
  /** Name of the type, the same for every occurrence. */
  readonly title: string;
  readonly status: number;
  /** Description of this occurrence for the caller. Never the message of an internal error. */
  readonly detail?: string;
  /** The id of the request, also in the `x-request-id` header and in the logs. */
  readonly instance?: string;
  /** The invalid fields of the input. */
  readonly errors?: readonly FieldError[];
}

/** One invalid field of a request. */
export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or the parameter's name. */
  readonly pointer: string;
  readonly detail: string;
}

/**
 * The problem detail of any error: an `HttpException` with its own text, Fastify's errors about a request (a body that is too
 * large, broken JSON) with theirs, every other error as a plain 500.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof HttpException) return fromHttpException(error);
  if (isClientError(error)) return { ...blank(error.statusCode), detail: error.message };
  return { ...blank(500), detail: 'The service failed. Its log has the details under this request id.' };
}

function fromHttpException(exception: HttpException): Problem {
  const status = exception.getStatus();
  const body = exception.getResponse();
  if (typeof body === 'string') return { ...blank(status), detail: body };
  const { message, error: _name, statusCode: _status, errorCode: _code, ...members } = body as Record<string, unknown>;
  const detail = Array.isArray(message) ? message.join('; ') : message;
  return { ...blank(status), ...(typeof detail === 'string' ? { detail } : {}), ...members };
}

function blank(status: number): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status };
}

/** Errors of Fastify and its plugins about a request have a `statusCode`. The client gets the message only of client errors. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
