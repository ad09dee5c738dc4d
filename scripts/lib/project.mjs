/** Where things are. Nothing in `scripts` needs a dependency or a Node newer than 20: they run before either is there. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const inProject = (...parts) => join(root, ...parts);

/** Version of Node for production; the `node` dev dependency brings it where the system has an older one. */
const NEEDED_NODE = 24;

/** A line on standard error: standard output belongs to the program that is started. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Ends the command with a reason instead of a stack. */
export function fail(text) {
  say(`\n${text}`);
  process.exit(1);
}

/** The Node to run Larder with: the one among the dependencies, or this one where it is new enough. */
export function nodeProgram() {
  const bundled = inProject('node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE) return process.execPath;
  fail(
    `Larder needs Node ${NEEDED_NODE}. This is ${process.version}, and the copy among the dependencies is missing:\n` +
      'its install script did not run. Allow it (npm rebuild node), or install Node 24.',
  );
}

/** Runs a program to its end, its output passed on to standard error. Whether it succeeded. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error) say(`${program}: ${error.message}`);
  return status === 0;
}

/** Runs a program as if it were this one: its terminal, its signals, its exit code. Resolves with the latter. */
export function become(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)));
  });
}
