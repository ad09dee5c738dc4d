/**
 * Runs one of Larder's programs from a bare clone: installs missing packages, builds a stale program, then becomes it.
 *
 *   node scripts/run.mjs main
 *   node scripts/run.mjs modules/embedding/cli/main texts.jsonl
 */
import { existsSync } from 'node:fs';
import { ensureBuild } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { become, inProject, nodeProgram } from './lib/project.mjs';

const [program, ...args] = process.argv.slice(2);
ensureDependencies();
ensureBuild();
// Node speaks up when a file it may do without is missing.
const envFile = existsSync(inProject('.env')) ? [`--env-file=${inProject('.env')}`] : [];
process.exitCode = await become(
  nodeProgram(),
  ['--enable-source-maps', ...envFile, inProject('dist', `${program}.js`), ...args],
  // In the caller's folder, so that relative file names work.
  {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, NODE_COMPILE_CACHE: inProject('node_modules', '.cache', 'larder') },
  },
);
