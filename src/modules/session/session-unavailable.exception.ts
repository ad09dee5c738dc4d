import { ProblemException } from '../../common/http/problems/problem.exception.js';

/** The store of sessions doesn't answer, so a session can be neither accepted nor rejected: 503. */
export class SessionUnavailableException extends ProblemException {
  /** @param isOutcomeUnknown whether the requested change may have been made all the same. */
  constructor(
    cause?: unknown,
    readonly isOutcomeUnknown = true,
  ) {
    super(503, {
      type: 'urn:larder:sessions-unavailable',
      title: 'Sessions can not be checked now',
      detail: 'The store of sessions does not answer. Your session is not lost; try again.',
    });
    this.cause = cause;
  }
}
