import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

/** A problem detail (RFC 9457), the body of every error outside the foreign API dialects. */
export interface Problem {
  /** Identifies the kind of problem: a URN, or `about:blank` where the status says it all. */
  readonly type: string;
  /** The kind in words; the same for every occurrence. */
  readonly title: string;
  readonly status: number;
  /** This occurrence in words, for the caller. Never what an internal error said. */
  readonly detail?: string;
  /** The request's id, as in the `x-request-id` header and the logs. */
  readonly instance?: string;
  /** What is wrong with the input, field by field. */
  readonly errors?: readonly FieldError[];
}

/** One wrong field of a request. */
export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or the parameter's name. */
  readonly pointer: string;
  readonly detail: string;
}

/**
 * What the caller may know of anything thrown: an `HttpException` as it says, Fastify's own refusals (a body that is
 * too large, broken JSON) as they are, everything else as a bare 500.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof HttpException) return fromHttpException(error);
  if (isClientError(error)) return { ...blank(error.statusCode), detail: error.message };
  return { ...blank(500), detail: 'Something went wrong on our side. The log has it under this request id.' };
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

/** Errors Fastify and its plugins raise about a request carry a `statusCode`; only those about the client are told to it. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
