import { forEachConcurrently } from './for-each-concurrently.js';
import type { WarmUpDefinition } from './warm-up.metadata.js';
import type { WarmUpProgress, WarmUpSource } from './warm-up.source.js';

/** Warms up one method of one object by calling it. */
export class MethodWarmUp implements WarmUpSource {
  readonly order: number | undefined;

  constructor(
    readonly name: string,
    private readonly service: object,
    private readonly method: (...args: unknown[]) => Promise<unknown>,
    private readonly request: WarmUpDefinition,
    private readonly concurrency: number,
  ) {
    this.order = request.options.order;
  }

  async run(progress: WarmUpProgress, signal: AbortSignal): Promise<void> {
    const { lists } = this.request;
    const argumentLists = typeof lists === 'function' ? await lists(this.service) : lists;
    if (Array.isArray(argumentLists)) progress.expect(argumentLists.length);
    await forEachConcurrently(argumentLists, this.concurrency, signal, async (args) => {
      try {
        await this.method.apply(this.service, args);
        progress.done();
      } catch (error) {
        progress.failed(error);
      }
    });
  }
}
