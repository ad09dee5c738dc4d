import { Inject, Injectable, Logger, RequestMethod } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA } from '@nestjs/common/internal';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { type MethodIdentity, nameOf } from '../binding/method-identity.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { CACHE } from '../cache.tokens.js';
import type { CacheResponseOptions } from '../decorators/cache-response.options.js';
import type { Cache } from '../engine/cache.js';
import { NEEDS_FASTIFY, NOT_A_GET_ROUTE, NEVER_CACHED } from './response-cache.messages.js';
import { RouteCache } from './route-cache.js';
import { planRoute, type RoutePlan } from './route-plan.js';

const PLAN = Symbol('larder:cache:route-plan');

/** The plan in a route's configuration, where it has one. */
export function planOf(config: unknown): RoutePlan | undefined {
  return (config as { [PLAN]?: RoutePlan } | undefined)?.[PLAN];
}

/** Plans the cached routes of this application, and hooks the cache into those. Other routes pay nothing. */
@Injectable()
export class CachedRoutes {
  private readonly logger = new Logger('ResponseCache');

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

  /** Attaches its plan to the function that is to be the route's handler. @throws Error naming `Class@method`. */
  plan(method: MethodIdentity, options: CacheResponseOptions, handler: object): void {
    const name = nameOf(method);
    if (Reflect.getMetadata(METHOD_METADATA, handler) !== RequestMethod.GET) throw new Error(NOT_A_GET_ROUTE(name));
    if (this.adapters.httpAdapter?.getType() !== 'fastify') throw new Error(NEEDS_FASTIFY(name));
    const hasGuards = this.hasGuards(method.type, handler);
    if (hasGuards && options.scope === undefined) this.logger.warn(NEVER_CACHED(name));
    const plan = planRoute(options, {
      name,
      cache: options.namespace === undefined ? this.cache : this.cache.namespace(options.namespace),
      credentialHeaders: this.config.httpCredentialHeaders,
      clientControl: this.config.httpClientControl,
      isUnguarded: !hasGuards && options.scope !== 'tenant' && options.scope !== 'user',
    });
    const existing = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    const attach = RouteConfig({ ...existing, [PLAN]: plan });
    attach(method.type, method.methodName, { value: handler });
  }

  private addHooks(route: RouteOptions): void {
    const plan = planOf(route.config);
    if (!plan) return;
    if (plan.isUnguarded) {
      route.onRequest = [
        ...hooksOf(route.onRequest),
        async (request, reply) => {
          const bytes = await this.routes.open(plan, request, reply);
          if (bytes !== undefined) return reply.send(bytes ?? undefined);
          return undefined;
        },
      ];
    }
    route.onSend = [...hooksOf(route.onSend), (request, reply, payload) => this.routes.close(request, reply, payload)];
  }

  private hasGuards(type: Function, handler: object): boolean {
    const own = [type, handler].some(
      (target) => ((Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? []).length > 0,
    );
    return own || this.application.getGlobalGuards().length > 0 || this.application.getGlobalRequestGuards().length > 0;
  }
}

function hooksOf<T>(hooks: T | T[] | undefined): T[] {
  if (hooks === undefined) return [];
  return Array.isArray(hooks) ? hooks : [hooks];
}
