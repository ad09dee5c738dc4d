import { forEachConcurrently } from './for-each-concurrently.js';
import type { WarmUpRequest } from './warm-up.metadata.js';
import type { WarmUpProgress, WarmUpSource } from './warm-up.source.js';

/** Warms one method of one object by calling it. */
export class MethodWarmUp implements WarmUpSource {
  readonly order: number | undefined;

  constructor(
    readonly name: string,
    private readonly service: object,
    private readonly method: (...args: unknown[]) => Promise<unknown>,
    private readonly request: WarmUpRequest,
    private readonly concurrency: number,
  ) {
    this.order = request.options.order;
  }

  async run(progress: WarmUpProgress, signal: AbortSignal): Promise<void> {
    const { lists } = this.request;
    const given = typeof lists === 'function' ? await lists(this.service) : lists;
    if (Array.isArray(given)) progress.expect(given.length);
    await forEachConcurrently(given, this.concurrency, signal, async (args) => {
      try {
        await this.method.apply(this.service, args);
        progress.done();
      } catch (error) {
        progress.failed(error);
      }
    });
  }
}
