/** Writes `ops/redis/larder.acl`, or prints the ACL file of another namespace: `npm run acl -- shop`. */
import { writeFileSync } from 'node:fs';
import { ensureBuild } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { inProject } from './lib/project.mjs';

ensureDependencies();
ensureBuild();
const { renderAclFile } = await import(inProject('dist', 'modules', 'redis', 'redis-permissions.js'));
const [namespace] = process.argv.slice(2);
if (namespace === undefined) writeFileSync(inProject('ops', 'redis', 'larder.acl'), renderAclFile('larder'));
else process.stdout.write(renderAclFile(namespace));
