/**
 * The public test suite for HTTP caches (https://cache-tests.fyi) against `@CacheResponse`: an application whose handlers
 * are the suite's origin. Prints how many tests pass, and each required one that does not.
 *
 *   npm run test:http-conformance
 *
 * CACHE_TESTS_DIR: a checkout of https://github.com/http-tests/cache-tests with its dependencies, in place of the package.
 * VERBOSE=1: prints the tests of the other kinds that do not pass as well.
 * Ends with 1 if a required test fails that is not in `left-out.json`.
 */
import { readFile } from 'node:fs/promises';
import { startCachedOrigin } from './cached-origin.mjs';
import { runSuite, tests } from './suite.mjs';

const print = (line) => process.stdout.write(`${line}\n`);

const leftOut = JSON.parse(await readFile(new URL('./left-out.json', import.meta.url), 'utf8'));
const origin = await startCachedOrigin();
const results = await runSuite(origin.url);
await origin.close();

for (const kind of ['required', 'optimal', 'check']) {
  const ofKind = tests.filter((test) => test.kind === kind);
  const passed = ofKind.filter(({ id }) => results[id] === true);
  print(`${kind}: ${passed.length} of ${ofKind.length}`);
}
const failed = tests.filter(({ id, kind }) => kind === 'required' && results[id] !== true);
for (const { id } of failed)
  print(`  ${id in leftOut ? 'left out' : 'FAILED'}  ${id}: ${[results[id]].flat().join(': ')}`);
if (process.env.VERBOSE) {
  for (const { id, kind } of tests)
    if (kind !== 'required' && results[id] !== true) print(`  ${kind}  ${id}: ${[results[id]].flat().join(': ')}`);
}
const unexpected = failed.filter(({ id }) => !(id in leftOut));
if (unexpected.length > 0) process.exitCode = 1;
process.exit();
