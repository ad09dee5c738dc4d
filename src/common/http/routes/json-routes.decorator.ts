import { RequestMethod } from '@nestjs/common';
import { fastifyRouteConfigOf, httpMethodOf, setFastifyRouteConfig } from '../../nest/nest-internals.js';

/** Properties of a route in its Fastify configuration. */
export interface RouteMedia {
  /** Whether bodies and answers are JSON. Default false: the route looks after itself. */
  readonly isJson?: boolean;
  /** Whether the route undoes the content coding of bodies itself. Default false: such bodies are refused with 415. */
  readonly decodesBodies?: boolean;
  /** Largest body in bytes. Default `HTTP_BODY_LIMIT`. */
  readonly bodyLimitBytes?: number;
}

const ROUTE_MEDIA = Symbol('larder:http:route-media');

/** The properties of a route. */
export function mediaOf(config: unknown): RouteMedia {
  return (config as { [ROUTE_MEDIA]?: RouteMedia } | undefined)?.[ROUTE_MEDIA] ?? {};
}

/**
 * On a controller: its routes take JSON (415 for other bodies) and answer JSON (406 for a client that accepts none).
 *
 * @example
 * \@Controller('documents')
 * \@JsonRoutes()
 * export class DocumentsController {}
 */
export function JsonRoutes(): ClassDecorator {
  return ({ prototype }) => {
    const routes = prototype as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(routes, name)!;
      const method = typeof value === 'function' ? httpMethodOf(value) : undefined;
      if (method !== undefined && method in RequestMethod) describe(value as object, { isJson: true });
    }
  };
}

/** On a route: its body may be this large, instead of `HTTP_BODY_LIMIT`. Larger ones are refused with 413. */
export function BodyLimit(bodyLimitBytes: number): MethodDecorator {
  return (_prototype, _name, { value }) => describe(value as object, { bodyLimitBytes });
}

/** A route's configuration that says this of it, besides what it said before. */
export function withMedia(config: object | undefined, media: RouteMedia): object {
  return { ...config, [ROUTE_MEDIA]: { ...mediaOf(config), ...media } };
}

function describe(method: object, media: RouteMedia): void {
  setFastifyRouteConfig(method, withMedia(fastifyRouteConfigOf(method), media));
}
