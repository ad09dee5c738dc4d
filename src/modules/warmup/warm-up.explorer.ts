import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '../../common/nest/nest-internals.js';
import { isCacheable } from '../cache/nest.js';
import { MethodWarmUp } from './method-warm-up.source.js';
import type { WarmUpConfig } from './warm-up.config.js';
import { NO_SINGLETON, NOT_CACHEABLE } from './warm-up.messages.js';
import { warmUpsOf } from './warm-up.metadata.js';
import { WARM_UP_SETTINGS } from './warm-up.tokens.js';
import { WarmUpRegistry } from './warm-up.registry.js';

type Method = (...args: unknown[]) => Promise<unknown>;

/** Finds the methods with `@WarmUp` and registers them. */
@Injectable()
export class WarmUpExplorer {
  private readonly scanner = new MetadataScanner();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: WarmUpRegistry,
    @Inject(WARM_UP_SETTINGS) private readonly config: WarmUpConfig,
  ) {}

  /** @throws Error naming `Class@method` for a mistake. */
  explore(): void {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    for (const wrapper of wrappers.filter(({ isAlias }) => !isAlias)) this.exploreProvider(wrapper);
  }

  private exploreProvider(wrapper: InstanceWrapper): void {
    const { instance } = wrapper;
    if (typeof instance !== 'object' || instance === null) return;
    const prototype = Object.getPrototypeOf(instance) as object | null;
    for (const methodName of this.scanner.getAllMethodNames(prototype)) {
      const decorated = Reflect.get(prototype!, methodName) as Method;
      for (const request of warmUpsOf(decorated)) {
        const name = `${prototype!.constructor.name}@${methodName}`;
        if (!isCacheable(decorated)) throw new Error(NOT_CACHEABLE(name));
        if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) throw new Error(NO_SINGLETON(name));
        const call: Method = (...args) => (Reflect.get(instance, methodName) as Method).apply(instance, args);
        this.registry.register(
          new MethodWarmUp(name, instance, call, request, request.options.concurrency ?? this.config.concurrency),
        );
      }
    }
  }
}
