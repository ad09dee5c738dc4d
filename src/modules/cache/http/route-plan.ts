import { toMs } from '../../../common/duration.js';
import type { CacheResponseOptions, ClientDirective } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/contract/cache.js';
import type { AnsweringPlace } from './answering-place.js';
import { joinNames } from './header-names.js';

/** Errors that were asked to be stored are never kept longer. */
const MAX_ERROR_TTL_MS = 10_000;

/** What `@CacheResponse` asks of one route, made ready when the application starts. */
export interface RoutePlan {
  /** `Class@method`: part of every key, so that two routes never share a response. */
  readonly name: string;
  readonly cache: Cache;
  readonly scope: CacheResponseOptions['scope'];
  readonly tags: CacheResponseOptions['tags'];
  /** `undefined`: the cache's default. */
  readonly ttlMs: number | undefined;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Lower case. */
  readonly vary: readonly string[];
  /** The `Vary` of its responses: of those kept in one coding, and of those kept in several. */
  readonly variedBy: { readonly plain: string; readonly coding: string };
  /** For responses whose handler set none of its own. */
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
  readonly place: AnsweringPlace;
}

/** Under which a route's Fastify configuration carries its plan. */
export const PLAN = Symbol('larder:cache:route-plan');

/** The plan in a route's configuration, where it has one. */
export function planOf(config: unknown): RoutePlan | undefined {
  return (config as { [PLAN]?: RoutePlan } | undefined)?.[PLAN];
}

/** What a plan takes from the application rather than from the decorator. */
export type PlanSurroundings = Pick<RoutePlan, 'name' | 'cache' | 'credentialHeaders' | 'place'> & {
  readonly clientControl: readonly ClientDirective[];
};

/** @throws RangeError for a duration that can't be read. */
export function planRoute(options: CacheResponseOptions, surroundings: PlanSurroundings): RoutePlan {
  const { scope, errors, query } = options;
  const staleWhileRevalidateMs = toMs(options.staleWhileRevalidate ?? 0);
  const staleIfErrorMs = toMs(options.staleIfError ?? 0);
  // Whoever caches this further down must not give it to those who show credentials.
  const vary = [...(options.vary ?? []), ...(scope === undefined ? surroundings.credentialHeaders : [])];
  return {
    ...surroundings,
    scope,
    tags: options.tags,
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
    clientControl: new Set(options.clientControl ?? surroundings.clientControl),
  };
}

function cacheControlOf(
  scope: RoutePlan['scope'],
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
