/**
 * Runs an application of `examples/` with the package as it is built from these sources, in a folder outside the project.
 *
 *   npm run example nest-express
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { packPackage } from './lib/package-pack.mjs';
import { become, fail, inProject } from './lib/project.mjs';

const [name = '', script = 'start'] = process.argv.slice(2);
if (name === '' || !existsSync(inProject('examples', name, 'package.json')))
  fail('npm run example nest-express|nest-fastify|node');
const { tarball, scratch, removeScratch } = await packPackage();
const folder = join(scratch, name);
cpSync(inProject('examples', name), folder, { recursive: true });
execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], {
  cwd: folder,
  stdio: 'inherit',
});
process.exitCode = await become('npm', ['run', script], { cwd: folder });
removeScratch();
