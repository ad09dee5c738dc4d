import { createHash } from 'node:crypto';

/** A Lua script as it is sent: by its digest, or in full where the server has not seen it yet. */
export interface RedisScript {
  /** For messages and metrics. */
  readonly name: string;
  readonly source: string;
  /** SHA-1 of the source in hexadecimal, as `EVALSHA` wants it. */
  readonly sha: string;
}

/** Names a script; the server learns it when it is first run. */
export function loadScript(name: string, source: string): RedisScript {
  return { name, source, sha: createHash('sha1').update(source).digest('hex') };
}
