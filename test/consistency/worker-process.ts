import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.js';

const HOOKS = new URL('./harness/typescript.mjs', import.meta.url).href;
const ENTRY = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** One process with one cache in it. It ends with the process that started it. */
export class WorkerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly setup: WorkerSetup,
  ) {}

  /** Resolves when the cache is made. */
  static async start(
    setup: WorkerSetup,
    onMessage: (message: FromWorker, from: WorkerProcess) => void,
  ): Promise<WorkerProcess> {
    const child = fork(ENTRY, [JSON.stringify(setup)], {
      execArgv: ['--import', HOOKS, '--enable-source-maps'],
      // The test runner's own settings are not for the worker.
      env: { ...process.env, NODE_OPTIONS: '' },
      serialization: 'advanced',
    });
    const worker = new WorkerProcess(child, setup);
    let isReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') isReady();
      else onMessage(message, worker);
    });
    const failed = once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`A worker ended with ${code} before it was ready.`)),
    );
    failed.catch(() => undefined);
    await Promise.race([ready, failed]);
    return worker;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  send(message: ToWorker): void {
    if (this.isAlive && this.child.connected) this.child.send(message, () => undefined);
  }

  /** SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.child, 'exit');
    this.send({ type: 'close' });
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  }
}
