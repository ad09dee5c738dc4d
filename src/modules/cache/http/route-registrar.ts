import { Inject, Injectable, Logger, RequestMethod, UseFilters, UseGuards } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, onSendHookHandler, RouteHandlerMethod, RouteOptions } from 'fastify';
import { fastifyRouteConfigOf, httpMethodOf, setFastifyRouteConfig } from '../../../common/nest/nest-internals.js';
import { INVALID_OPTION } from '../binding/cache-binding.messages.js';
import { type MethodIdentity, nameOf } from '../binding/method-identity.js';
import type { CacheSettings } from '../cache.settings.js';
import { CacheRegistry } from '../cache-registry.js';
import { CACHE_SETTINGS } from '../cache.tokens.js';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/contract/cache.js';
import { hasGuards, hitStageOf } from './hit-stage.js';
import { ResponseSentFilter, ResponseCacheGuard } from './response-cache.guard.js';
import { NEEDS_FASTIFY, NEVER_CACHED, NOT_A_GET_ROUTE } from './response-cache.messages.js';
import { ResponseCacheHandler } from './response-cache-handler.js';
import { toWirePayload } from './response-writer.js';
import { hooksOf } from './route-hooks.js';
import {
  type ApplicationSettings,
  ROUTE_SETTINGS,
  settingsOf,
  settingsOfRoute,
  routeSettings,
  type RouteSettings,
} from './route-settings.js';
import { UnsafeRequestInvalidation } from './unsafe-request-invalidation.js';

/** Registers the cached routes of this application and adds the cache's hooks to them. Other routes get no hooks. */
@Injectable()
export class RouteRegistrar {
  private readonly logger = new Logger('ResponseCache');
  private readonly filter = new ResponseSentFilter();

  constructor(
    private readonly caches: CacheRegistry,
    @Inject(CACHE_SETTINGS) private readonly settings: CacheSettings,
    private readonly application: ApplicationConfig,
    private readonly adapters: HttpAdapterHost,
    private readonly handler: ResponseCacheHandler,
    private readonly invalidation: UnsafeRequestInvalidation,
  ) {}

  /** Must run before Nest binds the routes. */
  registerHooks(): void {
    const adapter = this.adapters.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'fastify') return;
    adapter.getInstance<FastifyInstance>().addHook('onRoute', (route) => this.addHooks(route));
  }

  /**
   * Computes the settings of a route and attaches them to its method, which must belong to this application alone.
   *
   * @throws Error naming `Class@method`.
   */
  register(identity: MethodIdentity, options: CacheResponseOptions, method: ErasedMethod): void {
    const name = nameOf(identity);
    if (httpMethodOf(method) !== RequestMethod.GET) throw new Error(NOT_A_GET_ROUTE(name));
    if (this.adapters.httpAdapter?.getType() !== 'fastify') throw new Error(NEEDS_FASTIFY(name));
    const isGuarded = hasGuards(identity.type, method, this.application);
    if (isGuarded && options.scope === undefined) this.logger.warn(NEVER_CACHED(name));
    const settings = this.settingsOf(options, {
      id: name,
      varyBy: { ...this.settings.http.varyBy, ...options.varyBy },
      isNeverCached: isGuarded && options.scope === undefined,
      hitStage: hitStageOf(isGuarded, options),
      cache: this.cacheOf(options),
      credentialHeaders: this.settings.http.credentialHeaders,
      clientControl: this.settings.http.clientControl,
    });
    this.attach(settings, identity, method);
  }

  /** @throws Error naming `Class@method` for an invalid option. */
  private settingsOf(options: CacheResponseOptions, application: ApplicationSettings): RouteSettings {
    try {
      return routeSettings(options, application);
    } catch (error) {
      throw new Error(INVALID_OPTION(application.id, error), { cause: error });
    }
  }

  private cacheOf({ cache: name, namespace }: CacheResponseOptions): Cache {
    const root = this.caches.get(name);
    return namespace === undefined ? root : root.namespace(namespace);
  }

  private attach(settings: RouteSettings, { type, methodName }: MethodIdentity, method: ErasedMethod): void {
    const descriptor = { value: method };
    setFastifyRouteConfig(method, { ...fastifyRouteConfigOf(method), [ROUTE_SETTINGS]: settings });
    if (settings.hitStage !== 'guard') return;
    UseGuards(new ResponseCacheGuard(this.handler))(type, methodName, descriptor);
    UseFilters(this.filter)(type, methodName, descriptor);
  }

  private addHooks(route: RouteOptions): void {
    const base = settingsOf(route.config);
    if (!base) {
      this.invalidation.addHook(route);
      return;
    }
    const settings = settingsOfRoute(base, route);
    route.config = { ...route.config, [ROUTE_SETTINGS]: settings } as RouteOptions['config'];
    this.invalidation.addCachedRoute(route.url, settings.cache);
    if (settings.hitStage === 'handler') route.handler = this.answering(settings, route.handler);
    const isHead = route.method === 'HEAD';
    // Fastify waits for a returned promise; a hit returns none and calls back at once.
    const onSend: onSendHookHandler = (request, reply, payload, done) => {
      const capturing = this.handler.captureResponse(request, reply, payload);
      if (capturing) return capturing.then(toWirePayload);
      if (isHead && reply.statusCode === 304) void reply.removeHeader('content-length');
      done(null, toWirePayload(payload));
      return undefined;
    };
    route.onSend = [...hooksOf(route.onSend), onSend];
  }

  /** Answers hits in place of the handler: after all hooks, also those that other hooks of the start add to the route. */
  private answering(settings: RouteSettings, handler: RouteHandlerMethod): RouteHandlerMethod {
    const cache = this.handler;
    return async function (request, reply) {
      const payload = await cache.tryAnswer(settings, request, reply);
      return payload === undefined ? handler.call(this, request, reply) : (payload ?? undefined);
    };
  }
}
