import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { RouteRegistrar } from '../http/route-registrar.js';
import { InstanceBinder } from './instance.binder.js';

/** Gives every provider and controller of the application its cached methods, and removes them when the application closes. */
@Injectable()
export class CacheBindingOrchestrator {
  private isBound = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly binder: InstanceBinder,
    private readonly routes: RouteRegistrar,
  ) {}

  /** @throws Error naming `Class@method` for a mistake in a decorated method. A second call does nothing. */
  bind(): void {
    if (this.isBound) return;
    this.isBound = true;
    this.routes.registerHooks();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()])
      this.binder.bindProvider(wrapper);
  }

  release(): void {
    this.isBound = false;
    this.binder.releaseAll();
  }
}
