import { HttpException } from '@nestjs/common';
import type { FieldError, Problem } from './problem.js';

/**
 * An error for the caller with its own type of problem.
 *
 * @example
 * throw new ProblemException(409, { type: 'urn:larder:stale-write', title: 'Another write came first', detail: 'Read the document again.' });
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

  /** 400 for invalid input, naming each invalid field. */
  static invalidInput(errors: readonly FieldError[]): ProblemException {
    return new ProblemException(400, {
      type: 'urn:larder:invalid-input',
      title: 'The request is not valid',
      detail: errors.map(({ pointer, detail }) => (pointer ? `${pointer}: ${detail}` : detail)).join('; '),
      errors,
    });
  }
}
