import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild } from './build.mjs';
import { buildPackage, packageFolder } from './package-build.mjs';

/** Builds and packs the package into a scratch folder. */
export async function packPackage() {
  ensureBuild();
  await buildPackage();
  const scratch = mkdtempSync(join(tmpdir(), 'larder-package-'));
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', scratch], {
    cwd: packageFolder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename }] = Object.values(JSON.parse(output));
  return {
    tarball: join(scratch, filename),
    scratch,
    removeScratch: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
