import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The package of https://github.com/http-tests/cache-tests, unless `CACHE_TESTS_DIR` names a newer checkout of it. */
const DIRECTORY =
  process.env.CACHE_TESTS_DIR ?? fileURLToPath(new URL('../../node_modules/http-cache-tests', import.meta.url));
/** Newer versions keep the engine in a folder of its own. */
const isNewer = existsSync(join(DIRECTORY, 'test-engine'));
const load = (...path) => import(pathToFileURL(join(DIRECTORY, ...path)).href);
const loadEngine = (...path) => load(...(isNewer ? ['test-engine'] : []), ...path);

const { default: groups } = await load('tests', 'index.mjs');
const { runTests, getResults } = await loadEngine('client', 'runner.mjs');

/** The suite's origin: what it answers to `/test/:uuid`, and what it has seen. */
export const { default: answerAsOrigin } = await loadEngine('server', 'handle-test.mjs');
export const { setConfig, stash } = await loadEngine('server', 'utils.mjs');

/** The tests for caches that are not a browser's, with their kind: `required`, `optimal` or `check`. */
export const tests = groups
  .flatMap((group) => group.tests)
  .filter((test) => !test.browser_only)
  .map(({ id, name, kind = 'required' }) => ({ id, name, kind }));

/** Runs every test against the cache at `url`. By id: true, or the kind of the failure and its message. */
export async function runSuite(url) {
  await (isNewer ? runTests(groups, false, url) : runTests(groups, fetch, false, url));
  return getResults();
}
