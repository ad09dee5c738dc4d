import { createHash } from 'node:crypto';

/** A Lua script. It is sent by its digest, or in full when the server does not know it yet. */
export interface RedisScript {
  /** For messages and metrics. */
  readonly name: string;
  readonly source: string;
  /** SHA-1 of the source in hexadecimal, for `EVALSHA`. */
  readonly sha: string;
}

/** Creates a script from its source. The server receives it when it first runs. */
export function loadScript(name: string, source: string): RedisScript {
  return { name, source, sha: createHash('sha1').update(source).digest('hex') };
}
