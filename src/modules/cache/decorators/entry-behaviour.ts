import type { Duration } from '../../../common/duration.js';
import type { ReadOptions } from '../engine/contract/cache.js';

/** How entries are kept and loaded: a class's defaults by `@CacheConfig`, a method's own in its decorator. */
export interface EntryBehaviour {
  /** Fresh for this long. Default: `CACHE_TTL`. */
  readonly ttl?: Duration;
  /** Kept as stale for this long after `ttl`, to serve when the method fails or is slow. Default: `CACHE_GRACE`. */
  readonly grace?: Duration;
  /** Shortens `ttl` by a random share up to this, so that entries stored together don't expire together. 0 to 1. Default 0. */
  readonly jitter?: number;
  /** Keeps `null` and `undefined` for this long instead of `ttl`. Default: as any value. */
  readonly negativeTtl?: Duration;
  /** Past this, a stale value is served while the method goes on. `0` always serves stale first. Default: wait. */
  readonly softTimeout?: Duration;
  /** Past this, callers get a stale value or `LoadTimeoutError`. Default none. */
  readonly hardTimeout?: Duration;
  /**
   * After a failure, stale values are served at once for this long before the method is called again. Doubles with each
   * failure in a row, up to 30 seconds. Default 1 second; `0` calls it at every read.
   */
  readonly failSafeThrottle?: Duration;
  /** Reloads shortly before expiry, at random (XFetch): `true` is the paper's optimum, a number its β. Default off. */
  readonly earlyRefresh?: boolean | number;
  /** Where reads may come from; `'strict'` reads past the memory tier. Default `'cached'`. */
  readonly consistency?: ReadOptions['consistency'];
  /** Which tiers hold the entries. Default both. */
  readonly tiers?: 'both' | 'memory' | 'redis';
}
