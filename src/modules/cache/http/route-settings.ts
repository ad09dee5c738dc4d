import { toMs } from '../../../common/duration.js';
import type { CacheResponseOptions, ClientDirective } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/contract/cache.js';
import type { HitStage } from './hit-stage.js';
import { joinNames } from './header-names.js';

/** Longest ttl of stored error responses. */
const MAX_ERROR_TTL_MS = 10_000;

/** The settings of one `@CacheResponse` route, computed when the application starts. */
export interface RouteSettings {
  /** `Class@method`: part of every key, so that two routes never share a response. */
  readonly name: string;
  readonly cache: Cache;
  readonly scope: CacheResponseOptions['scope'];
  readonly tags: CacheResponseOptions['tags'];
  readonly resultTags: CacheResponseOptions['resultTags'];
  /** Default the ttl of the cache. */
  readonly ttlMs: number | undefined;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Lower case. */
  readonly vary: readonly string[];
  /** The `Vary` header of its responses: of those stored in one coding, and of those stored in several. */
  readonly variedBy: { readonly plain: string; readonly coding: string };
  /** The `Cache-Control` of responses whose handler sets none. */
  readonly cacheControl: string;
  readonly ignoredQuery: RegExp | undefined;
  readonly isQuerySorted: boolean;
  /** Statuses of 400 and above that are stored. */
  readonly errorStatuses: ReadonlySet<number>;
  readonly errorTtlMs: number;
  readonly isCompressed: boolean;
  readonly clientControl: ReadonlySet<ClientDirective>;
  /** Request headers that carry credentials. */
  readonly credentialHeaders: readonly string[];
  readonly hitStage: HitStage;
}

/** Key of the settings in a route's Fastify configuration. */
export const ROUTE_SETTINGS = Symbol('larder:cache:route-settings');

/** The settings in a route's Fastify configuration; `undefined` for a route that is not cached. */
export function settingsOf(config: unknown): RouteSettings | undefined {
  return (config as { [ROUTE_SETTINGS]?: RouteSettings } | undefined)?.[ROUTE_SETTINGS];
}

/** The settings of a route that come from the application, not from its decorator. */
export type ApplicationSettings = Pick<RouteSettings, 'name' | 'cache' | 'credentialHeaders' | 'hitStage'> & {
  readonly clientControl: readonly ClientDirective[];
};

/** @throws RangeError for an invalid duration. */
export function routeSettings(options: CacheResponseOptions, application: ApplicationSettings): RouteSettings {
  const { scope, errors, query } = options;
  const staleWhileRevalidateMs = toMs(options.staleWhileRevalidate ?? 0);
  const staleIfErrorMs = toMs(options.staleIfError ?? 0);
  // Caches between this server and the client must not serve this response to requests with credentials.
  const vary = [...(options.vary ?? []), ...(scope === undefined ? application.credentialHeaders : [])];
  return {
    ...application,
    scope,
    tags: options.tags,
    resultTags: options.resultTags,
    ttlMs: options.ttl === undefined ? undefined : toMs(options.ttl),
    staleWhileRevalidateMs,
    staleIfErrorMs,
    vary: (options.vary ?? []).map((name) => name.toLowerCase()),
    variedBy: { plain: joinNames(vary), coding: joinNames([...vary, 'accept-encoding']) },
    cacheControl: cacheControlOf(scope, toMs(options.maxAge ?? 0), staleWhileRevalidateMs, staleIfErrorMs),
    ignoredQuery: query?.ignore?.length ? patternOf(query.ignore) : undefined,
    isQuerySorted: query?.sort ?? false,
    errorStatuses: new Set(errors?.statuses),
    errorTtlMs: Math.min(toMs(errors?.ttl ?? MAX_ERROR_TTL_MS), MAX_ERROR_TTL_MS),
    isCompressed: options.compress ?? (scope === undefined || scope === 'public'),
    clientControl: new Set(options.clientControl ?? application.clientControl),
  };
}

function cacheControlOf(
  scope: RouteSettings['scope'],
  maxAgeMs: number,
  staleWhileRevalidateMs: number,
  staleIfErrorMs: number,
): string {
  const whose = scope === 'tenant' || scope === 'user' ? 'private' : 'public';
  if (maxAgeMs === 0) return `${whose}, no-cache`;
  const extensions = [
    ['stale-while-revalidate', staleWhileRevalidateMs],
    ['stale-if-error', staleIfErrorMs],
  ] as const;
  const directives = extensions.filter(([, ms]) => ms > 0).map(([name, ms]) => `${name}=${Math.floor(ms / 1_000)}`);
  return [whose, `max-age=${Math.floor(maxAgeMs / 1_000)}`, ...directives].join(', ');
}

/** Matches the names in full; `*` stands for any characters. */
function patternOf(names: readonly string[]): RegExp {
  const alternatives = names.map((name) => name.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*'));
  return new RegExp(`^(?:${alternatives.join('|')})$`);
}
