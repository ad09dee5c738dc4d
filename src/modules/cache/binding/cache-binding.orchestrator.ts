import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CachedRoutes } from '../http/cached-routes.js';
import { InstanceBinder } from './instance.binder.js';

/** Gives every provider and controller of the application its cached methods, and takes them back when it closes. */
@Injectable()
export class CacheBindingOrchestrator {
  private isBound = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly binder: InstanceBinder,
    private readonly routes: CachedRoutes,
  ) {}

  /** @throws Error naming `Class@method` for a decorated method that can't work. A second call does nothing. */
  bind(): void {
    if (this.isBound) return;
    this.isBound = true;
    this.routes.hookIn();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()])
      this.binder.bindProvider(wrapper);
  }

  release(): void {
    this.isBound = false;
    this.binder.releaseAll();
  }
}
