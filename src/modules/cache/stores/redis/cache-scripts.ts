import { loadScript, readScripts, type RedisScript } from '../../../redis/library.js';

const sources = readScripts(new URL('../../scripts/', import.meta.url));

/** A script with the preludes it uses; each file's header is its contract. */
function script(name: string, ...preludes: string[]): RedisScript {
  return loadScript(`larder:${name}`, [...preludes, name].map((part) => sources[part]!).join('\n'));
}

/** Every script of the cache. */
export const cacheScripts = {
  lease: script('lease', 'redis-time', 'lease-slot'),
  fill: script('fill', 'lease-slot', 'kept-version', 'wake'),
  release: script('release', 'lease-slot', 'wake'),
  renew: script('renew', 'redis-time', 'lease-slot'),
  put: script('put', 'kept-version', 'announce'),
  invalidate: script('invalidate', 'lease-slot', 'kept-version', 'announce'),
  versions: script('versions', 'kept-version'),
  keepVersions: script('keep-versions', 'kept-version'),
  dropVersions: script('drop-versions', 'kept-version'),
  tails: script('tails'),
} as const;
