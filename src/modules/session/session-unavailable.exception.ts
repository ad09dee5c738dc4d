import { ProblemException } from '../../common/http/problems/problem.exception.js';

const UNAVAILABLE = {
  type: 'urn:larder:sessions-unavailable',
  title: 'Sessions can not be checked now',
  detail: 'The store of sessions does not answer. Your session is not lost; try again.',
};
const OUTCOME_UNKNOWN = {
  type: 'urn:larder:outcome-unknown',
  title: 'It is unknown whether the session was changed',
  detail: 'The store of sessions did not confirm the change, and may have made it. Read the session before you repeat.',
};

/** The store of sessions doesn't answer, so a session can be neither accepted nor rejected: 503. */
export class SessionUnavailableException extends ProblemException {
  /** @param isOutcomeUnknown whether the requested change may have been made all the same. */
  constructor(
    cause?: unknown,
    readonly isOutcomeUnknown = true,
    problem = UNAVAILABLE,
  ) {
    super(503, problem);
    this.cause = cause;
  }

  /** For a change that was sent to the store, and whose answer was lost. */
  static outcomeUnknown(cause: unknown): SessionUnavailableException {
    return new SessionUnavailableException(cause, true, OUTCOME_UNKNOWN);
  }
}
