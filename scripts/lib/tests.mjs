import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { runJest } from './jest.mjs';
import { say } from './project.mjs';
import { ensureServers } from './servers.mjs';

/** Projects that measure time have the machine to themselves; `ha` starts a dozen servers and is only run when asked for. */
const PROJECTS = {
  unit: { isAlone: false },
  integration: { isAlone: false },
  e2e: { isAlone: false },
  consistency: { isAlone: true },
  faults: { isAlone: true },
  ha: { isAlone: true, isExtra: true },
};

/** Sets up the servers that tests need and runs the projects named first among the arguments (default: all but extras). Resolves with the totals. */
export async function runTests(args) {
  const isProject = (name) => Object.hasOwn(PROJECTS, name);
  const firstOption = args.findIndex((arg) => !isProject(arg));
  const named = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = firstOption < 0 ? [] : args.slice(firstOption);
  const projects = named.length > 0 ? named : Object.keys(PROJECTS).filter((name) => !PROJECTS[name].isExtra);

  ensureDependencies();
  const isUnitOnly = projects.every((name) => name === 'unit');
  const { env, leftOut } = isUnitOnly ? { env: {}, leftOut: [] } : ensureServers();
  // Some tests start the service as a user does.
  if (!isUnitOnly) ensureBuild();

  const rounds = [
    projects.filter((name) => !PROJECTS[name].isAlone),
    projects.filter((name) => PROJECTS[name].isAlone),
  ];
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const [index, round] of rounds.entries()) {
    if (round.length === 0) continue;
    const result = await runJest(round, index === 1 ? ['--runInBand', ...options] : options, env);
    for (const key of Object.keys(totals)) totals[key] += result[key];
  }
  for (const sentence of leftOut) say(sentence);
  if (totals.skipped > 0) say(`${totals.skipped} skipped`);
  return totals;
}
