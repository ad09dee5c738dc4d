import type { ServerIdentity } from '../redis.types.js';

/** What must have happened before Redis is trusted again. */
export type RecoveryStep = (server: ServerIdentity) => Promise<void>;

/** Steps in the order they were added. */
export class RecoverySteps {
  private readonly steps = new Set<RecoveryStep>();

  /** Returns the function that removes it. */
  add(step: RecoveryStep): () => void {
    this.steps.add(step);
    return () => this.steps.delete(step);
  }

  /** One after the other. @throws what the first that fails throws; those after it did not run. */
  async run(server: ServerIdentity): Promise<void> {
    for (const step of this.steps) await step(server);
  }
}
