import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { become, inProject, nodeProgram } from './project.mjs';

/** Runs some of jest's projects. Resolves with how many tests passed and failed; a file that can't run is one that failed. */
export async function runJest(projects, args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'larder-tests-'));
  const report = join(folder, 'report.json');
  try {
    const jest = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      inProject('node_modules', 'jest', 'bin', 'jest.js'),
    ];
    const options = ['--selectProjects', ...projects, '--json', '--outputFile', report, '--passWithNoTests', ...args];
    const code = await become(nodeProgram(), [...jest, ...options], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const totals = readTotals(report);
    return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTotals(report) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, skipped: numPendingTests };
  } catch {
    // Jest was ended, or could not start: its reason is on standard error.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
