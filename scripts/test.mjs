/**
 * Runs tests from a bare clone, and says `N passed, N failed` last.
 *
 *   node scripts/test.mjs                         all but the high-availability ones
 *   node scripts/test.mjs e2e -t 'embeddings'     some projects; what follows them goes to jest
 */
import { runTests } from './lib/tests.mjs';

const { passed, failed } = await runTests(process.argv.slice(2));
console.log(`${passed} passed, ${failed} failed`);
// A run that found no test proves nothing.
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
