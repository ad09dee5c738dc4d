import type { ServerIdentity } from '../redis.types.js';

/** Work that must succeed before Redis is used again. */
export type RecoveryStep = (server: ServerIdentity) => Promise<void>;

/** Recovery steps in the order in which they were added. */
export class RecoverySteps {
  private readonly steps = new Set<RecoveryStep>();

  /** Returns a function that removes the step. */
  add(step: RecoveryStep): () => void {
    this.steps.add(step);
    return () => this.steps.delete(step);
  }

  /** Runs the steps one after the other. @throws the error of the first step that fails; later steps do not run. */
  async run(server: ServerIdentity): Promise<void> {
    for (const step of this.steps) await step(server);
  }
}
