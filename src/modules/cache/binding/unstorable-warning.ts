import { Logger } from '@nestjs/common';
import { UNSTORABLE_RESULT } from './cache-binding.messages.js';

/** Says in the log, once per method, that its results can't be stored. Each of them counts as `fillRejected`. */
export class UnstorableWarning {
  private readonly logger = new Logger('Cache');
  private isGiven = false;

  /** @param methodName `Class@method`. */
  constructor(private readonly methodName: string) {}

  readonly give = (error: Error): void => {
    if (this.isGiven) return;
    this.isGiven = true;
    this.logger.warn(UNSTORABLE_RESULT(this.methodName, error.message));
  };
}
