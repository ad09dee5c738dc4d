import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A server program a test started. It dies with the process that started it, however that ends: on Linux the kernel
 * sends it SIGKILL (`PR_SET_PDEATHSIG`), so a crashed or killed test run leaves nothing behind.
 */
export class ServerProcess {
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    const keepTail = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-4_000));
    child.stdout?.on('data', keepTail);
    child.stderr?.on('data', keepTail);
  }

  /** @throws when the program can't be started at all. */
  static async spawn(program: string, args: readonly string[], options: { cwd?: string } = {}): Promise<ServerProcess> {
    const command =
      process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', program, ...args] : [program, ...args];
    const child = spawn(command[0]!, command.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    return new ServerProcess(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The last lines it printed, to explain why it did not start. */
  get tail(): string {
    return this.output;
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
