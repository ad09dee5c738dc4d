import { Inject, Injectable, Optional } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { RouteRegistrar } from '../http/route-registrar.js';
import { WARM_UPS_RUN } from '../cache.tokens.js';
import { WARM_UP_WITHOUT_MODULE } from './cache-binding.messages.js';
import { warmedMethodOf } from './cached-method.explorer.js';
import { InstanceBinder } from './instance.binder.js';

/** Gives every provider and controller of the application its cached methods, and removes them when the application closes. */
@Injectable()
export class CacheBindingOrchestrator {
  private isBound = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly binder: InstanceBinder,
    private readonly routes: RouteRegistrar,
    @Optional() @Inject(WARM_UPS_RUN) private readonly hasWarmUp = false,
  ) {}

  /** @throws Error naming `Class@method` for a mistake in a decorated method. A second call does nothing. */
  bind(): void {
    if (this.isBound) return;
    this.isBound = true;
    this.routes.registerHooks();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      this.binder.bindProvider(wrapper);
      if (!this.hasWarmUp) refuseWarmUp(wrapper.instance);
    }
  }

  release(): void {
    this.isBound = false;
    this.binder.releaseAll();
  }
}

/** @throws Error naming the method, for an object with a `@WarmUp` that nothing would run. */
function refuseWarmUp(instance: unknown): void {
  if (typeof instance !== 'object' || instance === null) return;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  const methodName = prototype === null ? undefined : warmedMethodOf(prototype);
  if (methodName !== undefined) throw new Error(WARM_UP_WITHOUT_MODULE(`${prototype!.constructor.name}@${methodName}`));
}
