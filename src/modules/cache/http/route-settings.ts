import type { RouteOptions } from 'fastify';
import { toMs } from '../../../common/duration.js';
import type { CacheResponseOptions, ClientDirective } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/contract/cache.js';
import type { HitStage } from './hit-stage.js';
import { isPersonal } from './scope.js';
import type { VaryBy } from '../decorators/context-values.js';

/** Longest ttl of stored error responses. */
const MAX_ERROR_TTL_MS = 10_000;

/** The settings of one `@CacheResponse` route, computed when the application starts. */
export interface RouteSettings {
  /** `Class@method`, pattern and version of the route: part of every key, so that two routes never share a response. */
  readonly id: string;
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
  /** The headers that other caches must tell responses apart by, beside those in `vary`. */
  readonly credentialVary: readonly string[];
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
  readonly varyBy: VaryBy;
  readonly hasContext: boolean;
  readonly hitStage: HitStage;
  /** True for a route with guards and no scope: its guards may decide by anything. */
  readonly isNeverCached: boolean;
}

/** Key of the settings in a route's Fastify configuration. */
export const ROUTE_SETTINGS = Symbol('larder:cache:route-settings');

/** The settings of one path of a method, and of one version: a method may have several. */
export function settingsOfRoute(
  settings: RouteSettings,
  { url, constraints }: Pick<RouteOptions, 'url' | 'constraints'>,
): RouteSettings {
  const version = (constraints as { version?: string | readonly string[] } | undefined)?.version;
  return { ...settings, id: `${settings.id} ${url} ${[version ?? []].flat().join(',')}` };
}

/** The settings in a route's Fastify configuration; `undefined` for a route that is not cached. */
export function settingsOf(config: unknown): RouteSettings | undefined {
  return (config as { [ROUTE_SETTINGS]?: RouteSettings } | undefined)?.[ROUTE_SETTINGS];
}

/** The settings of a route that come from the application, not from its decorator. */
export type ApplicationSettings = Pick<
  RouteSettings,
  'id' | 'cache' | 'credentialHeaders' | 'hitStage' | 'isNeverCached' | 'varyBy'
> & {
  readonly clientControl: readonly ClientDirective[];
};

/** @throws RangeError for an invalid duration. */
export function routeSettings(options: CacheResponseOptions, application: ApplicationSettings): RouteSettings {
  const { scope, errors, query } = options;
  const staleWhileRevalidateMs = toMs(options.staleWhileRevalidate ?? 0);
  const staleIfErrorMs = toMs(options.staleIfError ?? 0);
  const hasContext = Object.keys(application.varyBy).length > 0;
  const isShared = !isPersonal(options) && !hasContext;
  return {
    ...application,
    hasContext,
    scope,
    tags: options.tags,
    resultTags: options.resultTags,
    ttlMs: options.ttl === undefined ? undefined : toMs(options.ttl),
    staleWhileRevalidateMs,
    staleIfErrorMs,
    vary: (options.vary ?? []).map((name) => name.toLowerCase()),
    // Caches between this server and the client must not serve this response to requests with credentials.
    credentialVary: scope === undefined ? application.credentialHeaders : [],
    cacheControl: cacheControlOf(isShared, toMs(options.maxAge ?? 0), staleWhileRevalidateMs, staleIfErrorMs),
    ignoredQuery: query?.ignore?.length ? patternOf(query.ignore) : undefined,
    isQuerySorted: query?.sort ?? false,
    errorStatuses: new Set(errors?.statuses),
    errorTtlMs: Math.min(toMs(errors?.ttl ?? MAX_ERROR_TTL_MS), MAX_ERROR_TTL_MS),
    isCompressed: options.compress ?? isShared,
    clientControl: new Set(options.clientControl ?? application.clientControl),
  };
}

function cacheControlOf(
  isShared: boolean,
  maxAgeMs: number,
  staleWhileRevalidateMs: number,
  staleIfErrorMs: number,
): string {
  // No header tells other caches what `varyBy` reads.
  const whose = isShared ? 'public' : 'private';
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
