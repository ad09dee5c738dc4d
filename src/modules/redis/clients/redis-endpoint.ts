import type { RedisOptions } from 'ioredis';
import type { ClusterSource, NodeAddress } from '../redis.types.js';

/** Address and login of Redis: a resolved source, without connection settings. */
export type RedisEndpoint =
  | { readonly topology: 'standalone' | 'sentinel'; readonly options: RedisOptions }
  | { readonly topology: 'cluster'; readonly nodes: readonly NodeAddress[]; readonly options: RedisOptions };

/**
 * Resolves a URL (`redis://[user[:password]@]host[:port][/db]`, or `rediss://` for TLS), ioredis options (Sentinel, when
 * they name sentinels) or cluster nodes.
 *
 * @throws TypeError for an invalid source. The message never repeats the source, which may contain a password.
 */
export function resolveEndpoint(source: string | RedisOptions | ClusterSource): RedisEndpoint {
  if (typeof source === 'string') return { topology: 'standalone', options: parseRedisUrl(source) };
  const options: RedisOptions = 'cluster' in source ? (source.options ?? {}) : source;
  rejectKeyPrefix(options.keyPrefix);
  if ('cluster' in source) {
    if (source.cluster.length === 0) throw new TypeError('A cluster needs at least one node.');
    return { topology: 'cluster', nodes: source.cluster, options };
  }
  if (!source.sentinels) return { topology: 'standalone', options };
  if (source.sentinels.length === 0 || !source.name)
    throw new TypeError("Sentinel needs at least one sentinel and the master's name.");
  return { topology: 'sentinel', options };
}

/** @throws TypeError for a key prefix: keys inside scripts and channels would not have it. */
export function rejectKeyPrefix(keyPrefix: string | undefined): void {
  if (keyPrefix)
    throw new TypeError(
      "keyPrefix is not supported: scripts and channels would not carry it. Set the cache's namespace instead.",
    );
}

/**
 * ioredis options of a Redis URL.
 *
 * @throws TypeError as {@link resolveEndpoint}.
 */
export function parseRedisUrl(text: string): RedisOptions {
  const url = URL.parse(text);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    throw new TypeError('Not a Redis URL: expected redis://host:port/db or rediss://host:port/db.');
  }
  const db = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(db)) throw new TypeError('Not a Redis URL: the path must be a database number.');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(db ? { db: Number(db) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/**
 * Splits `host:port` or `[v6]:port`.
 *
 * @throws TypeError for a missing host or an invalid port.
 */
export function parseAddress(text: string, defaultPort: number): NodeAddress {
  const url = URL.parse(`redis://${text}`);
  if (!url || url.hostname === '' || url.pathname !== '' || url.username !== '')
    throw new TypeError(`Not an address: ${JSON.stringify(text)} (give host:port).`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port) };
}
