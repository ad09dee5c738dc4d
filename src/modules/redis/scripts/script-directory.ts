import { readdirSync, readFileSync } from 'node:fs';
import { loadScript, type RedisScript } from './redis-script.js';

/** A script's name in code and the name of its file in the directory, without `.lua`. */
export type ScriptNames = Readonly<Record<string, string>>;

/**
 * Reads the scripts of a directory, once, when the module that uses them is loaded. The header block of each file is its
 * contract: purpose, KEYS, ARGV, reply.
 *
 * @throws Error when a file is missing or a `.lua` file in the directory has no name here.
 * @example
 * const scripts = loadScripts(new URL('../scripts/', import.meta.url), { fill: 'fill', takeLease: 'take-lease' });
 * await runScript(client, scripts.fill, [slot], [token, value]);
 */
export function loadScripts<N extends ScriptNames>(directory: URL, names: N): { readonly [K in keyof N]: RedisScript } {
  const unknown = readdirSync(directory).filter(
    (file) => file.endsWith('.lua') && !Object.values(names).includes(file.slice(0, -4)),
  );
  if (unknown.length > 0) throw new Error(`Scripts without a name in the code: ${unknown.join(', ')}`);
  const scripts = Object.entries(names).map(([key, file]) => [
    key,
    loadScript(file, readFileSync(new URL(`${file}.lua`, directory), 'utf8')),
  ]);
  return Object.fromEntries(scripts) as { [K in keyof N]: RedisScript };
}
