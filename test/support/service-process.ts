import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { TEST_TOKEN } from './test-token.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built service in a process of its own, as production runs it, on a free loopback port. */
export class ServiceProcess {
  private out = '';
  private err = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly exited: Promise<number | null>,
  ) {
    child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
  }

  /** Started with nothing in its environment but what is given. */
  static spawn(env: NodeJS.ProcessEnv = {}, nodeOptions: readonly string[] = []): ServiceProcess {
    const child = spawn(process.execPath, [...nodeOptions, MAIN], {
      env: { PORT: '0', LARDER_TOKEN: TEST_TOKEN, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    return new ServiceProcess(child, exited);
  }

  /** Its address, once it serves. @throws with what it said when it ended, or after a minute. */
  async url(): Promise<string> {
    return eventually(() => {
      const [, url] = /serves at (\S+)/.exec(this.err) ?? [];
      if (url === undefined && this.child.exitCode === null) throw new Error(`not serving yet:\n${this.err}`);
      return url;
    }).then((url) => {
      if (url === undefined) throw new Error(`ended instead of serving:\n${this.err}`);
      return url;
    });
  }

  get stdout(): string {
    return this.out;
  }

  get stderr(): string {
    return this.err;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
