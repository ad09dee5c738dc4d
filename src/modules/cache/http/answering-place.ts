import { RESPONSE_PASSTHROUGH_METADATA } from '@nestjs/common/constants.js';
import { GUARDS_METADATA, INTERCEPTORS_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import type { ApplicationConfig } from '@nestjs/core';
import type { MethodIdentity } from '../binding/method-identity.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';

/**
 * Where a route's hits are answered: as early as everything that has a say has spoken.
 * - `request`: before Nest's pipeline, where no guard has a say.
 * - `handler`: in place of the handler, after guards and pipes. Nothing but the handler's result passes there, so it needs
 *   a route without interceptors, whose parameters come from what the key knows.
 * - `interceptor`: after the guards, around everything else.
 */
export type AnsweringPlace = 'request' | 'handler' | 'interceptor';

/** A route as its metadata describe it. */
export interface RouteDescription {
  readonly hasGuards: boolean;
  readonly hasInterceptors: boolean;
  /** The handler sends the response by itself: `@Res()` without `passthrough`. */
  readonly isResponseHandled: boolean;
  /** Handler parameters that Nest reads from the request before the handler runs, other than parameters and query. */
  readonly hasOtherParameters: boolean;
}

/** @param handler carries the method's metadata. */
export function describeRoute(
  { type, methodName }: MethodIdentity,
  handler: object,
  application: ApplicationConfig,
): RouteDescription {
  const globalGuards = application.getGlobalGuards().length + application.getGlobalRequestGuards().length;
  const globalInterceptors =
    application.getGlobalInterceptors().length + application.getGlobalRequestInterceptors().length;
  const parameters = Object.keys(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, methodName) as object | undefined) ?? {},
  );
  const kinds = parameters.map((parameter) => Number(parameter.split(':')[0]));
  const known = [RouteParamtypes.PARAM, RouteParamtypes.QUERY, RouteParamtypes.REQUEST, RouteParamtypes.RESPONSE];
  const passthrough = Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, type, methodName) === true;
  return {
    hasGuards: globalGuards > 0 || hasAny(GUARDS_METADATA, type, handler),
    hasInterceptors: globalInterceptors > 0 || hasAny(INTERCEPTORS_METADATA, type, handler),
    isResponseHandled:
      !passthrough && kinds.some((kind) => kind === RouteParamtypes.RESPONSE || kind === RouteParamtypes.NEXT),
    hasOtherParameters: !kinds.every((kind) => known.includes(kind)),
  };
}

export function placeOf(route: RouteDescription, { scope, query }: CacheResponseOptions): AnsweringPlace {
  const isPersonal = scope === 'tenant' || scope === 'user';
  if (!route.hasGuards && !isPersonal) return 'request';
  const isNarrowedInTime = !route.hasOtherParameters && !query?.ignore?.length;
  return !route.hasInterceptors && isNarrowedInTime ? 'handler' : 'interceptor';
}

function hasAny(key: string, ...targets: object[]): boolean {
  return targets.some((target) => ((Reflect.getMetadata(key, target) as unknown[] | undefined) ?? []).length > 0);
}
