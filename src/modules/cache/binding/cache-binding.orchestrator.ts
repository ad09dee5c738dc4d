import { Inject, Injectable, Optional } from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader } from '@nestjs/core';
import { RouteRegistrar } from '../http/route-registrar.js';
import { WARM_UPS_RUN } from '../cache.tokens.js';
import { WARM_UP_WITHOUT_MODULE } from './cache-binding.messages.js';
import { warmedMethodOf } from './cached-method.explorer.js';
import { EnhancerFinder } from './enhancer-finder.js';
import { InstanceBinder } from './instance.binder.js';

/**
 * Gives every object of the application its cached methods: providers, controllers, guards, interceptors, pipes, filters and
 * middleware, those of lazily loaded modules too. Removes them when the application closes.
 */
@Injectable()
export class CacheBindingOrchestrator {
  private isBound = false;
  private restoreLazyLoader: (() => void) | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly binder: InstanceBinder,
    private readonly routes: RouteRegistrar,
    private readonly enhancers: EnhancerFinder,
    private readonly lazyLoader: LazyModuleLoader,
    @Optional() @Inject(WARM_UPS_RUN) private readonly hasWarmUp = false,
  ) {}

  /** @throws Error naming `Class@method` for a mistake in a decorated method. A second call does nothing. */
  bind(): void {
    if (this.isBound) return;
    this.isBound = true;
    this.routes.registerHooks();
    this.bindObjects();
    this.watchLazyModules();
  }

  /** To be called once Nest has made the middleware. @throws Error naming `Class@method` for a decorated `use()`. */
  bindMiddleware(): void {
    for (const wrapper of this.enhancers.middleware()) this.binder.bindMiddleware(wrapper);
  }

  release(): void {
    this.isBound = false;
    this.restoreLazyLoader?.();
    this.binder.releaseAll();
  }

  private bindObjects(): void {
    const { discovery, enhancers, binder } = this;
    for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers(), ...enhancers.wrappers()]) {
      binder.bindProvider(wrapper);
      if (!this.hasWarmUp) refuseWarmUp(wrapper.instance);
    }
    for (const object of enhancers.objects()) binder.bindSingleton(object);
  }

  /** A lazy load fails with the errors that a start fails with. */
  private watchLazyModules(): void {
    const { lazyLoader } = this;
    const load = lazyLoader.load.bind(lazyLoader);
    lazyLoader.load = async (...args) => {
      const module = await load(...args);
      if (this.isBound) this.bindObjects();
      return module;
    };
    this.restoreLazyLoader = () => Reflect.deleteProperty(lazyLoader, 'load');
  }
}

/** @throws Error naming the method, for an object with a `@WarmUp` that nothing would run. */
function refuseWarmUp(instance: unknown): void {
  if (typeof instance !== 'object' || instance === null) return;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  const methodName = prototype === null ? undefined : warmedMethodOf(prototype);
  if (methodName !== undefined) throw new Error(WARM_UP_WITHOUT_MODULE(`${prototype!.constructor.name}@${methodName}`));
}
