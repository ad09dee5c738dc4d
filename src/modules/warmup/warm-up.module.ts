import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { sectionProvider } from '../../common/config/section-provider.js';
import { WARM_UPS_RUN } from '../cache/nest.js';
import { type WarmUpConfig, warmUpConfig } from './warm-up.config.js';
import { WarmUpExplorer } from './warm-up.explorer.js';
import { WarmUpRegistry } from './warm-up.registry.js';
import { WarmUpRunner } from './warm-up.runner.js';
import { WARM_UP_OPTIONS, WARM_UP_SETTINGS } from './warm-up.tokens.js';

/** Options of `WarmUpModule.forRoot()`; the default of each is its value in the configuration, without one its default there. */
export type WarmUpModuleOptions = Partial<WarmUpConfig>;

/** Fills the cache after start: from methods with `@WarmUp` and from sources that modules register. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: WARM_UPS_RUN, useValue: true },
    sectionProvider(WARM_UP_SETTINGS, warmUpConfig, WARM_UP_OPTIONS),
    WarmUpExplorer,
    WarmUpRegistry,
    WarmUpRunner,
  ],
  exports: [WARM_UPS_RUN, WarmUpRegistry, WarmUpRunner],
})
export class WarmUpModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  /** @internal */
  constructor(
    private readonly explorer: WarmUpExplorer,
    private readonly runner: WarmUpRunner,
  ) {}

  /** As the module itself, with options. */
  static forRoot(options: WarmUpModuleOptions): DynamicModule {
    return { module: WarmUpModule, providers: [{ provide: WARM_UP_OPTIONS, useValue: options }] };
  }

  onModuleInit(): void {
    this.explorer.explore();
  }

  onApplicationBootstrap(): void {
    this.runner.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.runner.stop();
  }
}
