import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DirectoryLock } from '../../../src/modules/database/drivers/embedded/directory-lock.js';

const STARTS = 4;
const ROUNDS = 8;
const HOOKS = new URL('../../consistency/harness/typescript.mjs', import.meta.url).href;
const WORKER = fileURLToPath(new URL('./directory-lock.worker.ts', import.meta.url));

describe('the lock of a data directory', () => {
  let parent: string;
  let dir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'larder-lock-'));
    dir = join(parent, 'data');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('is refused to a second holder, by the number of the first, and free after its release', () => {
    const lock = DirectoryLock.acquire(dir);
    expect(() => DirectoryLock.acquire(dir)).toThrow(`process ${process.pid} uses ${dir}`);
    lock.release();
    DirectoryLock.acquire(dir).release();
  });

  it('is not held by a number in a file, whether of a process that is gone or of one that has its number now', () => {
    for (const pid of [process.pid, process.ppid, 2 ** 22 + 1]) {
      writeFileSync(`${dir}.lock`, String(pid));
      const lock = DirectoryLock.acquire(dir);
      expect(lock).toBeInstanceOf(DirectoryLock);
      lock.release();
    }
  });

  it('is taken by one process alone, however many start at once after a crash', async () => {
    const start = async () => {
      const child = fork(WORKER, [dir], { execArgv: ['--import', HOOKS], env: { ...process.env, NODE_OPTIONS: '' } });
      await once(child, 'message');
      return child;
    };
    let children = await Promise.all(Array.from({ length: STARTS }, start));
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(children.map(tryToAcquire));
      expect(answers.filter((answer) => answer === 'acquired')).toHaveLength(1);
      const holder = children[answers.indexOf('acquired')]!;
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      const [next] = await Promise.all([start(), ended]);
      children = [...children.filter((child) => child !== holder), next];
    }
    for (const child of children) child.kill('SIGKILL');
  }, 120_000);
});

async function tryToAcquire(child: ChildProcess): Promise<string> {
  const answer = once(child, 'message') as Promise<[string]>;
  child.send('acquire');
  return (await answer)[0];
}
