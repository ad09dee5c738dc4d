import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CacheStats, WriteReceipt } from '../../../../src/modules/cache/engine/contract/cache.js';
import type { CacheOptions } from '../../../../src/modules/cache/create-cache.options.js';

const HOOKS = new URL('../../../consistency/harness/typescript.mjs', import.meta.url).href;
const WORKER = fileURLToPath(new URL('./cache-process.worker.ts', import.meta.url));

export type ToProcess = { type: 'delete'; keys: readonly string[] } | { type: 'stats' };
export type FromProcess = { type: 'deleted'; receipt: WriteReceipt } | { type: 'stats'; stats: CacheStats };

/** A cache in a process of its own, so that it can be killed. One call at a time. */
export class CacheProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start(options: CacheOptions): CacheProcess {
    return new CacheProcess(
      fork(WORKER, [JSON.stringify(options)], {
        execArgv: ['--import', HOOKS],
        // The test runner's own settings are not for the worker.
        env: { ...process.env, NODE_OPTIONS: '' },
      }),
    );
  }

  async delete(keys: readonly string[]): Promise<WriteReceipt> {
    return ((await this.ask({ type: 'delete', keys })) as { receipt: WriteReceipt }).receipt;
  }

  async stats(): Promise<CacheStats> {
    return ((await this.ask({ type: 'stats' })) as { stats: CacheStats }).stats;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async ask(message: ToProcess): Promise<FromProcess> {
    const answer = once(this.child, 'message');
    this.child.send(message);
    return ((await answer) as [FromProcess])[0];
  }
}
