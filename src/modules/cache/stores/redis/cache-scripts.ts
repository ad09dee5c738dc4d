import { loadScript, readScripts, type RedisScript } from '../../../redis/library.js';

const sources = readScripts(new URL('../../scripts/', import.meta.url));

/** A script with the preludes it uses; each file's header is its contract. */
function script(name: string, ...preludes: string[]): RedisScript {
  return loadScript(`larder:${name}`, textOf(...preludes, name));
}

function textOf(...names: string[]): string {
  return names.map((name) => sources[name]!).join('\n');
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
  beat: script('beat', 'layout-record'),
  /** For Redis 7: reads keys of several hash slots of one node. */
  beatOfNode: loadScript(
    'larder:beat-of-node',
    `#!lua flags=no-writes,allow-cross-slot-keys\n${textOf('layout-record', 'beat')}`,
  ),
  claimLayout: script('claim-layout', 'layout-record'),
  forget: script('forget'),
} as const;
