import { WriteCompletedError } from '../decorators/write-completed.error.js';
import type { Invocation } from './cached-call.js';

/** A method that has done its work. What goes wrong afterwards must not look as if the method had failed. */
export class CompletedInvocation {
  private constructor(
    private readonly value: unknown,
    private failure: WriteCompletedError | undefined,
  ) {}

  /** Runs the method. @throws what the method throws; not the {@link WriteCompletedError} of a decorator below. */
  static async of(invoke: Invocation): Promise<CompletedInvocation> {
    try {
      return new CompletedInvocation(await invoke(), undefined);
    } catch (error) {
      if (error instanceof WriteCompletedError) return new CompletedInvocation(error.result, error);
      throw error;
    }
  }

  /** Runs `work` with the method's result; {@link result} throws what it throws. */
  async afterwards(methodName: string, work: (result: unknown) => Promise<void>): Promise<void> {
    try {
      await work(this.value);
    } catch (error) {
      this.failure ??= new WriteCompletedError(methodName, this.value, { cause: error });
    }
  }

  /** The method's result. @throws WriteCompletedError if something went wrong after the method. */
  result(): unknown {
    if (this.failure) throw this.failure;
    return this.value;
  }
}
