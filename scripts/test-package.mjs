/**
 * Packs the package, installs it into copies of the applications in `examples/`, and runs those against a real Redis: two
 * instances each, with invalidation across them. Checks types, formats, weight and the time of an import too. It installs from
 * the registry of npm, so it is not part of `npm test`.
 *
 *   npm run test:package [-- name of an example ...]
 */
import { say } from './lib/project.mjs';
import { checkPackage } from './lib/package-checks.mjs';
import { testNestExample, testNodeExample } from './lib/package-examples.mjs';
import { packPackage } from './lib/package-pack.mjs';
import { withRedis } from './lib/scratch-redis.mjs';

const EXAMPLES = {
  node: testNodeExample,
  'nest-express': testNestExample,
  'nest-fastify': testNestExample,
};

const names = process.argv.slice(2);
const { tarball, removeScratch, scratch } = await packPackage();
const failures = [];
try {
  await attempt('package', () => checkPackage(tarball));
  await withRedis(async (redisUrl) => {
    for (const [name, test] of Object.entries(EXAMPLES).filter(([name]) => names.length === 0 || names.includes(name)))
      await attempt(name, () => test({ name, tarball, scratch, redisUrl }));
  });
} finally {
  removeScratch();
}
for (const failure of failures) say(failure);
process.exitCode = failures.length === 0 ? 0 : 1;

async function attempt(name, test) {
  try {
    await test();
    say(`${name}: ok`);
  } catch (error) {
    failures.push(`${name}: FAILED\n${error.stack}`);
  }
}
