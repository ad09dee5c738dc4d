import { existsSync, readFileSync } from 'node:fs';
import { fail, inProject, run, say } from './project.mjs';

/** Installs the packages of `package-lock.json`, unless they are there. */
export function ensureDependencies() {
  if (areDependenciesCurrent()) return;
  say('Installing dependencies (once)...');
  // NODE_ENV=production would leave out the compiler.
  if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']))
    fail('npm ci failed; its reason is above.');
}

/** npm keeps a copy of the lock file with the packages that it installed; packages for other platforms are in one and not in the other. */
function areDependenciesCurrent() {
  const installedLock = inProject('node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const installed = packagesOf(installedLock);
  return Object.entries(packagesOf(inProject('package-lock.json'))).every(
    ([path, wanted]) =>
      path === '' || (installed[path] ? installed[path].version === wanted.version : wanted.optional || wanted.peer),
  );
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
