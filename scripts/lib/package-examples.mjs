import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, nodeProgram } from './project.mjs';
import { freePort, waitFor } from './scratch-redis.mjs';

const MAX_MEGABYTES = 15;
const MAX_PACKAGES = 40;
/** An idle machine needs a tenth of this. */
const MAX_IMPORT_MS = 1_500;

/** The engine in plain Node, as ES module and as CommonJS, and what it weighs. */
export async function testNodeExample({ name, tarball, scratch, redisUrl }) {
  const folder = install(name, tarball, scratch);
  for (const program of ['main.js', 'main.cjs']) {
    const output = node(folder, [program], { REDIS_URL: redisUrl });
    assert.match(output, /a hit: true\ninvalidation: applied\nthen it is a miss: true/, program);
  }
  const packages = execFileSync('npm', ['ls', '--all', '--parseable'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.ok(packages.length - 1 <= MAX_PACKAGES, `${packages.length - 1} packages`);
  const [kilobytes] = execFileSync('du', ['-sk', 'node_modules'], { cwd: folder, encoding: 'utf8' }).split('\t');
  assert.ok(Number(kilobytes) <= MAX_MEGABYTES * 1_024, `${kilobytes} KiB`);
  const timing = "const start = performance.now(); await import('larder'); console.log(performance.now() - start)";
  const ms = Math.min(...[1, 2, 3].map(() => Number(node(folder, ['--input-type=module', '-e', timing]))));
  assert.ok(ms < MAX_IMPORT_MS, `the import takes ${ms} ms`);
  console.log(
    `larder: ${packages.length - 1} packages, ${(kilobytes / 1_024).toFixed(1)} MiB, import ${ms.toFixed(0)} ms`,
  );
}

/** A Nest application: compiled strictly, then two instances on one Redis. */
export async function testNestExample({ name, tarball, scratch, redisUrl }) {
  const folder = install(name, tarball, scratch);
  compile(folder);
  const instances = [await start(folder, redisUrl), await start(folder, redisUrl)];
  try {
    await testTwoInstances(instances.map(({ url }) => url));
    if (name.includes('fastify')) await testResponses(instances[0].url);
  } finally {
    for (const { child } of instances) child.kill();
  }
}

async function testTwoInstances([one, two]) {
  for (const url of [one, two]) await waitFor(async () => (await isWell(url)) || undefined, 'Redis in the application');
  // A busy machine may answer later than a read waits for Redis; then both instances load, which is right too.
  let id = 0;
  const shared = await waitFor(async () => {
    id += 1;
    const [first, second] = [await json(`${one}/products/${id}`), await json(`${two}/products/${id}`)];
    return first.load === second.load ? first : undefined;
  }, 'an entry that both instances share');
  await fetch(`${one}/products/${id}`, { method: 'PUT' });
  const own = await json(`${one}/products/${id}`);
  assert.notEqual(own.load, shared.load, 'an invalidation holds at once on the instance that made it');
  await waitFor(
    async () => (await json(`${two}/products/${id}`)).load !== shared.load || undefined,
    'the invalidation',
  );
  assert.match(await (await fetch(`${one}/metrics`)).text(), /larder_cache_hits_total\{cache="shop",tier="\w+"\}/);
}

async function isWell(url) {
  const { status, details } = await json(`${url}/health`);
  return status === 'ok' && details.redis.state === 'up' && details.cache.isCoherent;
}

async function testResponses(url) {
  const first = await fetch(`${url}/products/9/page`);
  const second = await fetch(`${url}/products/9/page`, { headers: { 'if-none-match': first.headers.get('etag') } });
  assert.equal(second.status, 304);
  assert.match(second.headers.get('cache-status'), /hit/);
}

function install(name, tarball, scratch) {
  const folder = join(scratch, name);
  cpSync(inProject('examples', name), folder, { recursive: true });
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball];
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

function compile(folder) {
  try {
    node(folder, [join('node_modules', 'typescript', 'bin', 'tsc')]);
  } catch (error) {
    throw new Error(`The example does not compile:\n${error.stdout}`, { cause: error });
  }
  assert.ok(readdirSync(join(folder, 'dist')).includes('main.js'));
}

function node(folder, args, env = {}) {
  return execFileSync(nodeProgram(), args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
}

async function start(folder, redisUrl) {
  const port = await freePort();
  const child = spawn(nodeProgram(), [join('dist', 'main.js')], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PORT: String(port), REDIS_URL: redisUrl },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/health`)).ok || undefined, 'the application');
  return { child, url };
}

async function json(url) {
  return (await fetch(url)).json();
}
