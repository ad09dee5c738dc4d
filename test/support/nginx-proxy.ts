import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

const PROGRAM = process.env['NGINX'] ?? '/usr/sbin/nginx';

/** Whether the tests that need it can run; the test command says by name what it leaves out. */
export const hasNginx = existsSync(PROGRAM);

/** An nginx of the test's own in front of a service: `proxy_pass`, and the given lines in the same location. */
export class NginxProxy {
  private constructor(
    private readonly process: ServerProcess,
    readonly url: string,
    private readonly dir: string,
  ) {}

  static async start(target: string, lines: readonly string[] = []): Promise<NginxProxy> {
    const [port, dir] = [await freePort(), mkdtempSync(join(tmpdir(), 'larder-nginx-'))];
    const config = join(dir, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir};`);
    writeFileSync(
      config,
      `daemon off; master_process off; pid ${dir}/pid; error_log stderr;
       events {}
       http {
         access_log off; ${temporary.join(' ')}
         server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; ${lines.join(' ')} } }
       }`,
    );
    const nginx = new NginxProxy(
      await ServerProcess.spawn(PROGRAM, ['-c', config, '-e', 'stderr']),
      `http://127.0.0.1:${port}`,
      dir,
    );
    await eventually(() => fetch(`${nginx.url}/health/live`));
    return nginx;
  }

  async stop(): Promise<void> {
    await this.process.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
