import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, inProject, nodeProgram, run, say } from './project.mjs';

const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];
const stamp = inProject('dist', '.built-from');

/** Compiles `src` to `dist`, unless `dist` was made from just these sources. */
export function ensureBuild() {
  const sources = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  say('Building...');
  rmSync(inProject('dist'), { recursive: true, force: true });
  if (!run(nodeProgram(), [inProject('node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build']))
    fail('The build failed; its reason is above.');
  writeFileSync(stamp, sources);
}

function fingerprint() {
  const hash = createHash('sha256');
  const files = readdirSync(inProject('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const path of [...files.sort(), ...SETTINGS.map((name) => inProject(name))])
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
