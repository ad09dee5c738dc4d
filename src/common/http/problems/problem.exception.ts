import { HttpException } from '@nestjs/common';
import type { FieldError, Problem } from './problem.js';

/**
 * An error for the caller with a kind of its own.
 *
 * @example
 * throw new ProblemException(409, { type: 'urn:larder:stale-write', title: 'Someone else wrote first', detail: 'Read it again.' });
 */
export class ProblemException extends HttpException {
  /** @param headers sent with the answer, in lower case. */
  constructor(
    status: number,
    problem: Partial<Omit<Problem, 'status'>>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(problem, status);
    this.message = problem.detail ?? problem.title ?? this.message;
  }

  /** 400 for input that doesn't validate, naming each wrong field. */
  static invalidInput(errors: readonly FieldError[]): ProblemException {
    return new ProblemException(400, {
      type: 'urn:larder:invalid-input',
      title: 'The request is not valid',
      detail: errors.map(({ pointer, detail }) => (pointer ? `${pointer}: ${detail}` : detail)).join('; '),
      errors,
    });
  }
}
