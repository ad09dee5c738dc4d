import type { RedisOptions } from 'ioredis';
import type { ClusterSource, NodeAddress } from '../redis.types.js';

/** Address and login of Redis: a resolved source, without connection settings. */
export type RedisEndpoint =
  | { readonly topology: 'standalone' | 'sentinel'; readonly options: RedisOptions }
  | { readonly topology: 'cluster'; readonly nodes: readonly NodeAddress[]; readonly options: RedisOptions };

/**
 * Resolves a URL (`redis://[user[:password]@]host[:port][/db]`, also `?db=`, or `rediss://` for TLS), ioredis options (Sentinel, when
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
    if (options.db) throw new TypeError(`A cluster has no database ${options.db}, only database 0.`);
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
  const db = databaseOf(url);
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
 * The database of a URL's path or of its parameter `db`, as ioredis takes it; `''` for none.
 *
 * @throws TypeError for other paths, and for two different databases.
 */
function databaseOf(url: URL): string {
  const inPath = url.pathname.replace(/^\//, '');
  const inQuery = url.searchParams.get('db') ?? '';
  if (!/^\d*$/.test(inPath)) throw new TypeError('Not a Redis URL: the path must be a database number.');
  if (!/^\d*$/.test(inQuery)) throw new TypeError('Not a Redis URL: db must be a database number.');
  if (inPath !== '' && inQuery !== '' && Number(inPath) !== Number(inQuery))
    throw new TypeError(`Not a Redis URL: database ${inPath} in its path, ${inQuery} in its parameters.`);
  return inPath || inQuery;
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
