import { Session } from 'node:inspector/promises';

/**
 * Counts the steps of this thread: each call of a function and each pass through a loop or a branch. The count measures the
 * work of JavaScript and does not depend on how busy the machine is. The work of native functions, such as `JSON.parse`, does
 * not count.
 *
 * A function that ran before the counter started counts its calls only, so start the counter before what it measures.
 */
export class StepCounter {
  /** @param exceptFiles ends of file names, such as `reader.ts`: the steps of these files do not count. Default none. */
  private constructor(
    private readonly session: Session,
    private readonly exceptFiles: readonly string[],
  ) {}

  static async start(exceptFiles: readonly string[] = []): Promise<StepCounter> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return new StepCounter(session, exceptFiles);
  }

  /** Runs something. Resolves with its result and the steps that the thread took meanwhile. */
  async count<T>(run: () => Promise<T>): Promise<{ result: T; steps: number }> {
    await this.#take();
    const result = await run();
    return { result, steps: await this.#take() };
  }

  stop(): void {
    this.session.disconnect();
  }

  /** Steps since the last call. */
  async #take(): Promise<number> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ url }) => !this.exceptFiles.some((file) => url.endsWith(file)))
      .flatMap(({ functions }) => functions)
      .flatMap(({ ranges }) => ranges)
      .reduce((sum, { count }) => sum + count, 0);
  }
}
