import { readdirSync, readFileSync } from 'node:fs';
import { loadScript, type RedisScript } from './redis-script.js';

/** The Lua files of a directory: the text of each by its file name without `.lua`. */
export type ScriptSources = Readonly<Record<string, string>>;

/** A script's name in code and the name of its file in the directory, without `.lua`. */
export type ScriptNames = Readonly<Record<string, string>>;

/**
 * Reads the Lua files of a directory, once, when the module that uses them is loaded. The packed package has their texts in
 * its code instead: `scripts/lib/package-build.mjs` replaces this call, so it is written with a literal path and
 * `import.meta.url`.
 *
 * @example
 * const sources = readScripts(new URL('../scripts/', import.meta.url));
 */
export function readScripts(directory: URL): ScriptSources {
  const files = readdirSync(directory).filter((file) => file.endsWith('.lua'));
  return Object.fromEntries(files.map((file) => [file.slice(0, -4), readFileSync(new URL(file, directory), 'utf8')]));
}

/**
 * The scripts of a directory. The header block of each file is its contract: purpose, KEYS, ARGV, reply.
 *
 * @throws Error when a file is missing or a `.lua` file in the directory has no name here.
 * @example
 * const scripts = loadScripts(readScripts(new URL('../scripts/', import.meta.url)), { fill: 'fill', takeLease: 'take-lease' });
 * await runScript(client, scripts.fill, [slot], [token, value]);
 */
export function loadScripts<N extends ScriptNames>(
  sources: ScriptSources,
  names: N,
): { readonly [K in keyof N]: RedisScript } {
  const unknown = Object.keys(sources).filter((file) => !Object.values(names).includes(file));
  if (unknown.length > 0) throw new Error(`Scripts without a name in the code: ${unknown.map(fileOf).join(', ')}`);
  const scripts = Object.entries(names).map(([key, file]) => {
    const source = sources[file];
    if (source === undefined) throw new Error(`There is no script ${fileOf(file)}.`);
    return [key, loadScript(file, source)];
  });
  return Object.fromEntries(scripts) as { [K in keyof N]: RedisScript };
}

function fileOf(name: string): string {
  return `${name}.lua`;
}
