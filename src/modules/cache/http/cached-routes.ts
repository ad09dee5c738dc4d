import { Inject, Injectable, Logger, RequestMethod, UseInterceptors } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/internal';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type {
  FastifyInstance,
  onRequestAsyncHookHandler,
  onSendHookHandler,
  preHandlerHookHandler,
  RouteOptions,
} from 'fastify';
import { copyMetadata } from '../binding/copy-metadata.js';
import { type MethodIdentity, nameOf } from '../binding/method-identity.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { CACHE } from '../cache.tokens.js';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/cache.js';
import { describeRoute, placeOf } from './answering-place.js';
import { ResponseCacheInterceptor } from './response-cache.interceptor.js';
import { NEEDS_FASTIFY, NEVER_CACHED, NOT_A_GET_ROUTE, SENDS_BY_ITSELF } from './response-cache.messages.js';
import { RouteCache } from './route-cache.js';
import { PLAN, planOf, planRoute, type RoutePlan } from './route-plan.js';

/** Plans the cached routes of this application, and hooks the cache into those. Other routes pay nothing. */
@Injectable()
export class CachedRoutes {
  private readonly logger = new Logger('ResponseCache');
  private readonly interceptor: ResponseCacheInterceptor;

  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    @Inject(cacheConfig.KEY) private readonly config: CacheConfigValues,
    private readonly application: ApplicationConfig,
    private readonly adapters: HttpAdapterHost,
    private readonly routes: RouteCache,
  ) {
    this.interceptor = new ResponseCacheInterceptor(routes);
  }

  /** Must run before Nest binds the routes. */
  hookIn(): void {
    const adapter = this.adapters.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'fastify') return;
    adapter.getInstance<FastifyInstance>().addHook('onRoute', (route) => this.addHooks(route));
  }

  /** The handler to bind in place of `method`, with its plan. @throws Error naming `Class@method`. */
  handlerOf(identity: MethodIdentity, options: CacheResponseOptions, method: ErasedMethod): ErasedMethod {
    const name = nameOf(identity);
    if (Reflect.getMetadata(METHOD_METADATA, method) !== RequestMethod.GET) throw new Error(NOT_A_GET_ROUTE(name));
    if (this.adapters.httpAdapter?.getType() !== 'fastify') throw new Error(NEEDS_FASTIFY(name));
    const route = describeRoute(identity, method, this.application);
    const place = placeOf(route, options);
    if (place !== 'request' && route.isResponseHandled) throw new Error(SENDS_BY_ITSELF(name));
    if (route.hasGuards && options.scope === undefined) this.logger.warn(NEVER_CACHED(name));
    const plan = planRoute(options, {
      name,
      place,
      cache: options.namespace === undefined ? this.cache : this.cache.namespace(options.namespace),
      credentialHeaders: this.config.httpCredentialHeaders,
      clientControl: this.config.httpClientControl,
    });
    const handler = place === 'handler' ? this.around(plan, method) : method;
    this.attach(plan, identity, handler);
    if (place === 'interceptor') this.intercept(identity, handler, route.hasInterceptors);
    return handler;
  }

  private around(plan: RoutePlan, method: ErasedMethod): ErasedMethod {
    const { routes } = this;
    const handler: ErasedMethod = function (this: unknown, ...args) {
      return routes.around(plan, () => method.apply(this, args));
    };
    copyMetadata(method, handler);
    return handler;
  }

  private attach(plan: RoutePlan, { type, methodName }: MethodIdentity, handler: ErasedMethod): void {
    const existing = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    RouteConfig({ ...existing, [PLAN]: plan })(type, methodName, { value: handler });
  }

  /** Around every other interceptor; where there is none the route's own place will do, and costs other routes nothing. */
  private intercept({ type, methodName }: MethodIdentity, handler: ErasedMethod, hasOthers: boolean): void {
    const everywhere = this.application.getGlobalInterceptors();
    if (!hasOthers) UseInterceptors(this.interceptor)(type, methodName, { value: handler });
    else if (!everywhere.includes(this.interceptor)) everywhere.unshift(this.interceptor);
  }

  private addHooks(route: RouteOptions): void {
    const plan = planOf(route.config);
    if (!plan) return;
    const open: onRequestAsyncHookHandler = async (request, reply) => {
      const bytes = await this.routes.open(plan, request, reply);
      return bytes === undefined ? undefined : reply.send(bytes ?? undefined);
    };
    const enter: preHandlerHookHandler = (request, reply, done) => this.routes.enter(plan, request, reply, done);
    // Fastify waits for the promise where there is one; a hit has nothing to wait for.
    const close: onSendHookHandler = (request, reply, payload, done) => {
      const closing = this.routes.close(request, reply, payload);
      if (!closing) done(null, payload);
      return closing;
    };
    if (plan.place === 'request') route.onRequest = [...hooksOf(route.onRequest), open];
    if (plan.place === 'handler') route.preHandler = [...hooksOf(route.preHandler), enter];
    route.onSend = [...hooksOf(route.onSend), close];
  }
}

function hooksOf<T>(hooks: T | T[] | undefined): T[] {
  if (hooks === undefined) return [];
  return Array.isArray(hooks) ? hooks : [hooks];
}
