/** The checks of every change: format, lint, types, tests. Says `N passed, N failed` last; a check counts as one test. */
import { ensureDependencies } from './lib/dependencies.mjs';
import { run, say } from './lib/project.mjs';
import { runTests } from './lib/tests.mjs';

ensureDependencies();
const checks = ['format:check', 'lint', 'typecheck'].map((name) => {
  const hasPassed = run('npm', ['run', '--silent', name]);
  say(`${name}: ${hasPassed ? 'ok' : 'FAILED'}`);
  return hasPassed;
});
const tests = await runTests([]);
const passed = tests.passed + checks.filter(Boolean).length;
const failed = tests.failed + checks.filter((hasPassed) => !hasPassed).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
