import { Inject, Injectable, Logger, RequestMethod, UseFilters, UseGuards } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/internal';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyInstance, onRequestHookHandler, onSendHookHandler, RouteOptions } from 'fastify';
import { type MethodIdentity, nameOf } from '../binding/method-identity.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { CACHE } from '../cache.tokens.js';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/contract/cache.js';
import { hasGuards, placeOf } from './answering-place.js';
import { AnsweredFromCacheFilter, ResponseCacheGuard } from './response-cache.guard.js';
import { NEEDS_FASTIFY, NEVER_CACHED, NOT_A_GET_ROUTE } from './response-cache.messages.js';
import { RouteCache } from './route-cache.js';
import { PLAN, planOf, planRoute, type RoutePlan } from './route-plan.js';

/** Plans the cached routes of this application, and hooks the cache into those. Other routes pay nothing. */
@Injectable()
export class CachedRoutes {
  private readonly logger = new Logger('ResponseCache');
  private readonly filter = new AnsweredFromCacheFilter();

  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    @Inject(cacheConfig.KEY) private readonly config: CacheConfigValues,
    private readonly application: ApplicationConfig,
    private readonly adapters: HttpAdapterHost,
    private readonly routes: RouteCache,
  ) {}

  /** Must run before Nest binds the routes. */
  hookIn(): void {
    const adapter = this.adapters.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'fastify') return;
    adapter.getInstance<FastifyInstance>().addHook('onRoute', (route) => this.addHooks(route));
  }

  /**
   * Plans a route, and notes it with the method, which must be this application's own.
   *
   * @throws Error naming `Class@method`.
   */
  add(identity: MethodIdentity, options: CacheResponseOptions, method: ErasedMethod): void {
    const name = nameOf(identity);
    if (Reflect.getMetadata(METHOD_METADATA, method) !== RequestMethod.GET) throw new Error(NOT_A_GET_ROUTE(name));
    if (this.adapters.httpAdapter?.getType() !== 'fastify') throw new Error(NEEDS_FASTIFY(name));
    const isGuarded = hasGuards(identity.type, method, this.application);
    if (isGuarded && options.scope === undefined) this.logger.warn(NEVER_CACHED(name));
    const plan = planRoute(options, {
      name,
      place: placeOf(isGuarded, options),
      cache: options.namespace === undefined ? this.cache : this.cache.namespace(options.namespace),
      credentialHeaders: this.config.httpCredentialHeaders,
      clientControl: this.config.httpClientControl,
    });
    this.attach(plan, identity, method);
  }

  private attach(plan: RoutePlan, { type, methodName }: MethodIdentity, method: ErasedMethod): void {
    const descriptor = { value: method };
    const existing = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, method) as object | undefined;
    RouteConfig({ ...existing, [PLAN]: plan })(type, methodName, descriptor);
    if (plan.place !== 'guard') return;
    UseGuards(new ResponseCacheGuard(this.routes, plan))(type, methodName, descriptor);
    UseFilters(this.filter)(type, methodName, descriptor);
  }

  private addHooks(route: RouteOptions): void {
    const plan = planOf(route.config);
    if (!plan) return;
    // With a callback: what an async hook gives Fastify is waited for once more, after it was sent.
    const open: onRequestHookHandler = (request, reply, done) => {
      this.routes.open(plan, request, reply).then((payload) => {
        // oxlint-disable-next-line promise/no-callback-in-promise -- Fastify's own
        if (payload === undefined) done();
        else void reply.send(payload ?? undefined);
      }, done);
    };
    // Fastify waits for the promise where there is one; a hit has nothing to wait for.
    const close: onSendHookHandler = (request, reply, payload, done) => {
      const closing = this.routes.close(request, reply, payload);
      if (!closing) done(null, payload);
      return closing;
    };
    if (plan.place === 'request') route.onRequest = [...hooksOf(route.onRequest), open];
    route.onSend = [...hooksOf(route.onSend), close];
  }
}

function hooksOf<T>(hooks: T | T[] | undefined): T[] {
  if (hooks === undefined) return [];
  return Array.isArray(hooks) ? hooks : [hooks];
}
