/**
 * Builds the package `larder` in `build/package`: the folder that `npm pack` and `npm publish` take. See
 * docs/decisions/0019-the-package-and-the-service.md.
 *
 *   npm run package
 */
import { run } from './lib/project.mjs';
import { buildPackage } from './lib/package-build.mjs';

if (!run('npm', ['run', '--silent', 'build'])) process.exit(1);
await buildPackage();
