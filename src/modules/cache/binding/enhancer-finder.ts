import { Injectable } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '../../../common/nest/nest-internals.js';

/** Metadata in which Nest keeps what `@UseGuards()`, `@UseInterceptors()`, `@UsePipes()` and `@UseFilters()` were given. */
const ENHANCER_METADATA = ['__guards__', '__interceptors__', '__pipes__', '__exceptionFilters__'];

/** Finds the objects of an application beside its providers and controllers. */
@Injectable()
export class EnhancerFinder {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {}

  /** Guards, interceptors, pipes and filters that Nest makes. */
  wrappers(): InstanceWrapper[] {
    return [...this.modules.values()].flatMap((module) => [...module.injectables.values()]);
  }

  /** Guards, interceptors, pipes and filters that were given as objects, to controllers, routes and the application. */
  objects(): unknown[] {
    const { config } = this;
    const global = [
      ...config.getGlobalGuards(),
      ...config.getGlobalInterceptors(),
      ...config.getGlobalPipes(),
      ...config.getGlobalFilters(),
    ];
    return [...global, ...this.discovery.getControllers().flatMap(({ metatype }) => enhancersOf(metatype))];
  }

  /** Middleware. Its objects exist once Nest has configured the routes. */
  middleware(): InstanceWrapper[] {
    return [...this.modules.values()].flatMap((module) => [...module.middlewares.values()]);
  }
}

function enhancersOf(controller: Function | null | undefined): unknown[] {
  const prototype = controller?.prototype as object | undefined;
  if (!controller || !prototype) return [];
  const methods = Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value }) =>
    typeof value === 'function' ? [value as Function] : [],
  );
  return [controller, ...methods].flatMap((target) =>
    ENHANCER_METADATA.flatMap((key) => (Reflect.getMetadata(key, target) as unknown[] | undefined) ?? []),
  );
}
