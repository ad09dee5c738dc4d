/** Runs the load test from a bare clone; see `test/loadtest/cli.ts`. */
import { ensureBuild } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { become, inProject, nodeProgram } from './lib/project.mjs';
import { ensureServers } from './lib/servers.mjs';

const args = process.argv.slice(2);
ensureDependencies();
const needsServers = !args.some((arg) => arg === '--help' || arg.startsWith('--target'));
if (needsServers) ensureBuild();
process.exitCode = await become(
  nodeProgram(),
  [
    '--disable-warning=ExperimentalWarning',
    '--import',
    inProject('test', 'consistency', 'harness', 'typescript.mjs'),
    inProject('test', 'loadtest', 'cli.ts'),
    ...args,
  ],
  { env: { ...process.env, ...(needsServers ? ensureServers().env : {}) } },
);
