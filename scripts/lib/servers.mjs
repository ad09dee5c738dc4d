import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, run, say } from './project.mjs';

/** The servers that tests start for themselves: the variable that points at one, and the Debian package that has it. */
const REDIS = {
  name: 'Redis',
  program: 'redis-server',
  variable: 'REDIS_SERVER',
  debianPackage: 'redis-server',
  find: findRedis,
};
const POSTGRES = {
  name: 'PostgreSQL',
  program: 'postgres',
  variable: 'PG_BIN_DIR',
  debianPackage: 'postgresql',
  find: findPostgres,
};

/** Without it, the tests that need it are left out. */
const MARIADB = {
  name: 'MariaDB',
  program: 'mariadbd',
  variable: 'MARIADB_SERVER',
  debianPackage: 'mariadb-server',
  find: findMariadb,
  isOptional: true,
};
/** As {@link MARIADB}. */
const PGBOUNCER = {
  name: 'PgBouncer',
  program: 'pgbouncer',
  variable: 'PGBOUNCER',
  debianPackage: 'pgbouncer',
  find: findPgBouncer,
  isOptional: true,
};
/** As {@link MARIADB}. */
const NGINX = {
  name: 'nginx',
  program: 'nginx',
  variable: 'NGINX',
  debianPackage: 'nginx-light',
  find: findNginx,
  isOptional: true,
};
/** As {@link MARIADB}: `promtool`, which tests the alerts. */
const PROMETHEUS = {
  name: 'Prometheus',
  program: 'promtool',
  variable: 'PROMTOOL',
  debianPackage: 'prometheus',
  find: findPromtool,
  isOptional: true,
};
const SERVERS = [REDIS, POSTGRES, MARIADB, PGBOUNCER, NGINX, PROMETHEUS];

/**
 * Finds the servers, installing those that are missing where that is possible.
 *
 * @returns the environment that names them, and a sentence for each server whose tests are left out.
 */
export function ensureServers() {
  const missing = SERVERS.filter(({ find }) => find() === undefined);
  if (missing.length > 0) install(missing);
  const found = SERVERS.filter(({ find }) => find() !== undefined);
  return {
    env: Object.fromEntries(found.map(({ variable, find }) => [variable, find()])),
    leftOut: SERVERS.filter((server) => !found.includes(server)).map(
      ({ name, program, variable }) =>
        `Left out: the tests on ${name}, since ${program} is not installed and could not be. Install it, or name it in ${variable}.`,
    ),
  };
}

function install(missing) {
  const packages = missing.map(({ debianPackage }) => debianPackage);
  say(`Installing ${packages.join(', ')} for the tests (once)...`);
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  // Debian starts a server as it installs one; the tests start their own.
  const apt = (...args) => {
    const command = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-qq', ...args];
    return run(command[0], command.slice(1));
  };
  if (existsSync('/usr/bin/apt-get')) {
    apt('update');
    // Apart, so that one that Debian does not have keeps none of the others away.
    for (const name of packages) apt('install', '-y', '--no-install-recommends', name);
  }
  const stillMissing = missing.filter(({ find, isOptional }) => !isOptional && find() === undefined);
  if (stillMissing.length === 0) return;
  fail(
    stillMissing
      .map(
        ({ name, program, variable }) =>
          `The tests need ${name} (${program}), which is not installed and could not be. Install it, or name it in ${variable}.`,
      )
      .join('\n'),
  );
}

function findRedis() {
  return process.env.REDIS_SERVER || onPath('redis-server');
}

function findMariadb() {
  return process.env.MARIADB_SERVER || onPath('mariadbd') || ['/usr/sbin/mariadbd'].find((path) => existsSync(path));
}

function findPgBouncer() {
  return process.env.PGBOUNCER || onPath('pgbouncer') || ['/usr/sbin/pgbouncer'].find((path) => existsSync(path));
}

function findNginx() {
  return process.env.NGINX || onPath('nginx') || ['/usr/sbin/nginx'].find((path) => existsSync(path));
}

function findPromtool() {
  return process.env.PROMTOOL || onPath('promtool');
}

/** The folder of PostgreSQL's programs, the newest where there are several. */
function findPostgres() {
  if (process.env.PG_BIN_DIR) return process.env.PG_BIN_DIR;
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(debian, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
  if (found) return found;
  const { status, stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const folder = status === 0 ? stdout.trim() : undefined;
  return folder && existsSync(join(folder, 'initdb')) ? folder : undefined;
}

function onPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}
