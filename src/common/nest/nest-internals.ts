import 'reflect-metadata';
import type { DiscoveryService } from '@nestjs/core';

/**
 * Parts of Nest that have no public name. Nest 11 and Nest 12 have the same values; `nest-internals.spec.ts` compares them with
 * Nest 12, and `npm run test:package` uses them in applications on both versions.
 */

/** Metadata of a route handler: its HTTP method, a value of `RequestMethod`. */
const METHOD_METADATA = 'method';
/** Metadata of a controller or a handler: its guards. */
const GUARDS_METADATA = '__guards__';
/** Metadata of a handler: the configuration of its Fastify route. `RouteConfig()` writes it, and needs `@nestjs/platform-fastify`. */
const FASTIFY_ROUTE_CONFIG_METADATA = '__fastify_route_config__';

/** The container's record of a provider or controller. */
export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** The HTTP method of a route handler, a value of `RequestMethod`; `undefined` for a function that is no route handler. */
export function httpMethodOf(handler: object): number | undefined {
  return Reflect.getMetadata(METHOD_METADATA, handler) as number | undefined;
}

/** The guards that `@UseGuards()` set on a controller or on a handler. */
export function guardsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

/** The Fastify configuration of a handler's route; `undefined` if it has none. */
export function fastifyRouteConfigOf(handler: object): object | undefined {
  return Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
}

/** Replaces the Fastify configuration of a handler's route. Other platforms ignore it. */
export function setFastifyRouteConfig(handler: object, config: object): void {
  Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, config, handler);
}
