import { readFileSync } from 'node:fs';
import { inProject } from './project.mjs';

const service = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

/** The entries of the package, and the compiled file in `dist` that each is made of. */
export const ENTRIES = {
  index: 'index',
  nest: 'entries/nest',
  'nest/testing': 'entries/nest-testing',
  drizzle: 'entries/drizzle',
  prisma: 'entries/prisma',
  testing: 'entries/testing',
  typeorm: 'entries/typeorm',
};

/** Packages that the package installs. Versions are those of the service. */
const DEPENDENCIES = ['ioredis', 'zod'];

/** Packages that an application brings, if it uses the entry that needs them. */
const PEERS = {
  '@guanmingchiu/sqlparser-ts': '^0.62.0',
  '@nestjs/common': '^11.0.0 || ^12.0.0',
  '@nestjs/core': '^11.0.0 || ^12.0.0',
  '@nestjs/microservices': '^11.0.0 || ^12.0.0',
  '@nestjs/terminus': '^11.0.0 || ^12.0.0',
  'drizzle-orm': '^0.45.0',
  'libpg-query': '^18.1.0',
  pg: '^8.0.0',
  'prom-client': '^15.0.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.0.0',
  typeorm: '^0.3.0 || ^1.0.0',
};

/** The manifest of the package, made of that of the service. */
export function packageManifest() {
  const { name, version, description, license, keywords, repository } = service;
  return {
    name,
    version,
    description,
    license,
    keywords,
    repository,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22.12' },
    main: './dist/index.cjs',
    module: './dist/index.js',
    types: './dist/index.d.cts',
    exports: { ...Object.fromEntries(Object.keys(ENTRIES).map(exportOf)), './package.json': './package.json' },
    // For tools that do not read `exports`.
    typesVersions: {
      '*': Object.fromEntries(
        Object.keys(ENTRIES)
          .filter((entry) => entry !== 'index')
          .map(typesOf),
      ),
    },
    files: ['dist', 'CHANGELOG.md'],
    dependencies: Object.fromEntries(DEPENDENCIES.map((dependency) => [dependency, service.dependencies[dependency]])),
    peerDependencies: PEERS,
    peerDependenciesMeta: Object.fromEntries(Object.keys(PEERS).map((peer) => [peer, { optional: true }])),
  };
}

function exportOf(entry) {
  return [
    entry === 'index' ? '.' : `./${entry}`,
    {
      import: { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
      require: { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` },
    },
  ];
}

function typesOf(entry) {
  return [entry, [`./dist/${entry}.d.cts`]];
}
