import type { Duration } from '../../../common/duration.js';
import type { ContextTexts, VaryBy } from './context-values.js';

/** Whose a response is. */
export type ResponseScope = 'public' | 'tenant' | 'user';

/** A `Cache-Control` directive of a client. */
export type ClientDirective = 'no-cache' | 'no-store' | 'only-if-cached';

/** What is known of a request before its handler runs, and what its key is made of. */
export interface CachedRequest {
  /** Decoded route parameters. */
  readonly params: Readonly<Record<string, string>>;
  /** Parsed query, without the ignored parameters. */
  readonly query: Readonly<Record<string, unknown>>;
  /** The headers named by `vary`, lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The values of `varyBy`, by name; `null` for none. */
  readonly context: ContextTexts;
  /** The principal of the request, where `scope` is `tenant` or `user`. */
  readonly principal: string | undefined;
}

/** Options of `@CacheResponse`. */
export interface CacheResponseOptions {
  /** Fresh for this long. A shorter `max-age` or `s-maxage` of the handler's own wins. Default: `CACHE_TTL`. */
  readonly ttl?: Duration;
  /** Groups the response belongs to; `@CacheEvict({ tags })` and `cache.invalidateTags()` remove it. Default none. */
  readonly tags?: readonly string[] | ((request: CachedRequest) => readonly string[]);
  /**
   * Further tags that only the response knows, from its parsed JSON. Of an id that does not exist nothing is stored, and it
   * leaves no tag in Redis. Default none.
   */
  readonly resultTags?: (body: unknown, request: CachedRequest) => readonly string[];
  /**
   * Whose the response is. `public`: the same for everyone, credentials or not. `tenant`, `user`: one for each, as told
   * by the session, `request.user` or `CACHE_PRINCIPAL`; requests without one are not cached. Default: requests with credentials are not cached, and on
   * a route with guards no request is.
   */
  readonly scope?: ResponseScope;
  /** Past `ttl`, answer with the old response for this long while a new one is made. Default 0. */
  readonly staleWhileRevalidate?: Duration;
  /** Past `ttl`, answer with the old response for this long when the handler fails (5xx). Default 0. */
  readonly staleIfError?: Duration;
  /** Request headers the handler reads; each value has a response of its own. The handler sees no others but `host`. Default none. */
  readonly vary?: readonly string[];
  /**
   * What else decides the response: the tenant, language or feature that middleware, a hook or a guard has put into the
   * request or into an `AsyncLocalStorage`. Each combination of values has a response of its own. A request with an invalid
   * value passes the cache. Added to those of the class and the application. Default none.
   */
  readonly varyBy?: VaryBy;
  /** Browsers and CDNs may reuse it for this long without asking. They hear of no eviction. Default 0: ask each time (304). */
  readonly maxAge?: Duration;
  /** How the query string becomes part of the key. */
  readonly query?: QueryOptions;
  /** Statuses of 400 and above to store too, and for how long (at most and by default 10 s). Default none. */
  readonly errors?: { readonly statuses: readonly number[]; readonly ttl?: Duration };
  /** Keep `br` and `gzip` variants. Default: of public responses only, because of BREACH. */
  readonly compress?: boolean;
  /** `Cache-Control` directives of clients to obey. Default: `CACHE_HTTP_CLIENT_CONTROL`. */
  readonly clientControl?: readonly ClientDirective[];
  /** The cache's namespace; its tags are apart from those of others. Default: `@CacheConfig`'s, or the root. */
  readonly namespace?: string;
  /** Name of the cache, from `CacheModule.forRoot({ name })` or `forFeature()`. Default: `@CacheConfig`'s, or the application's. */
  readonly cache?: string;
}

/** How a query string becomes part of a key. Repeated parameters always count, in their order. */
export interface QueryOptions {
  /** Parameters that change nothing, as `'utm_*'`; the handler does not see them. Default none. */
  readonly ignore?: readonly string[];
  /** Whether `?a=1&b=2` and `?b=2&a=1` are one request. Default false. */
  readonly sort?: boolean;
}
