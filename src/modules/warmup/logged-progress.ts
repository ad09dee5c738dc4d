import type { Logger } from '@nestjs/common';
import type { WarmUpProgress } from './warm-up.source.js';

/** Most log lines per running source of known size. */
const STEPS = 10;
/** Items per log line for a source of unknown size. */
const STEP_OF_UNKNOWN = 1_000;

/** Writes progress to the log: counts only, never an argument or a value. */
export class LoggedProgress implements WarmUpProgress {
  private readonly startedAtMs = performance.now();
  private total: number | undefined;
  private doneCount = 0;
  private failedCount = 0;
  private loggedCount = 0;

  constructor(
    private readonly name: string,
    private readonly logger: Logger,
  ) {}

  expect(total: number): void {
    this.total = total;
  }

  done(count = 1): void {
    this.doneCount += count;
    this.step();
  }

  failed(error: unknown): void {
    if (this.failedCount++ === 0)
      this.logger.warn(`${this.name}: a call failed (${kindOf(error)}); further failures are only counted`);
    this.step();
  }

  end(isStopped: boolean): void {
    const durationMs = Math.round(performance.now() - this.startedAtMs);
    const line = `${this.name}: ${isStopped ? 'stopped' : 'warm'}, ${this.doneCount} loaded, ${this.failedCount} failed, ${durationMs} ms`;
    if (this.failedCount > 0) this.logger.warn(line);
    else this.logger.log(line);
  }

  /** Logs that the source itself failed. */
  broken(error: unknown): void {
    this.logger.error(`${this.name}: gave up after ${this.doneCount} (${kindOf(error)})`);
  }

  private step(): void {
    const count = this.doneCount + this.failedCount;
    const stepSize = this.total === undefined ? STEP_OF_UNKNOWN : Math.max(1, Math.ceil(this.total / STEPS));
    if (count - this.loggedCount < stepSize || count === this.total) return;
    this.loggedCount = count;
    this.logger.log(`${this.name}: ${count}${this.total === undefined ? '' : ` of ${this.total}`}`);
  }
}

/** The name of an error. Its message is not logged, because it may contain an argument. */
function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
