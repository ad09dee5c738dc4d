import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'tsdown';
import { ENTRIES, packageManifest } from './package-manifest.mjs';
import { inProject } from './project.mjs';

/** The built package: what `npm pack` takes. */
export const packageFolder = inProject('build', 'package');

const declarationsFolder = inProject('build', 'declarations');

/**
 * Bundles what the compiler wrote to `dist`, so that the metadata of decorators stays as the compiler made it: ES modules and
 * CommonJS with their declarations. Packages of others are never bundled.
 */
export async function buildPackage() {
  rmSync(packageFolder, { recursive: true, force: true });
  rmSync(declarationsFolder, { recursive: true, force: true });
  await bundle({ extension: '.js', outDir: join(packageFolder, 'dist'), dts: false, plugins: [scriptTexts()] });
  await bundle({ extension: '.d.ts', outDir: declarationsFolder, dts: { dtsOnly: true } });
  // The bundler writes code beside the declarations of CommonJS; only the declarations are taken.
  cpSync(declarationsFolder, join(packageFolder, 'dist'), {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || /\.d\.c?ts$/.test(path),
  });
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyFileSync(inProject(file), join(packageFolder, file));
  writeFileSync(join(packageFolder, 'package.json'), `${JSON.stringify(packageManifest(), null, 2)}\n`);
}

function bundle({ extension, ...options }) {
  const entry = Object.entries(ENTRIES).map(([name, file]) => [name, inProject('dist', `${file}${extension}`)]);
  return build({
    config: false,
    tsconfig: false,
    entry: Object.fromEntries(entry),
    format: ['esm', 'cjs'],
    outExtensions: ({ format }) => (format === 'cjs' ? { js: '.cjs', dts: '.d.cts' } : { js: '.js', dts: '.d.ts' }),
    platform: 'node',
    target: 'node22.12',
    deps: { neverBundle: true },
    clean: false,
    hash: true,
    report: false,
    checks: { legacyCjs: false },
    logLevel: 'warn',
    failOnWarn: true,
    ...options,
  });
}

const READ_SCRIPTS = /readScripts\(new URL\('([^']+)', import\.meta\.url\)\)/g;

/** Puts the texts of Lua files into the code, so that the package needs no file beside its bundles, and can be bundled again. */
function scriptTexts() {
  return {
    name: 'larder:script-texts',
    transform(code, id) {
      if (!code.includes('readScripts(new URL(')) return undefined;
      return code.replaceAll(READ_SCRIPTS, (_call, path) => JSON.stringify(textsIn(join(dirname(id), path))));
    },
  };
}

function textsIn(directory) {
  const files = readdirSync(directory).filter((file) => file.endsWith('.lua'));
  return Object.fromEntries(files.map((file) => [file.slice(0, -4), readFileSync(join(directory, file), 'utf8')]));
}
