import { Global, Module, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { WarmUpExplorer } from './warm-up.explorer.js';
import { WarmUpRegistry } from './warm-up.registry.js';
import { WarmUpRunner } from './warm-up.runner.js';

/** Fills the cache after start: from methods with `@WarmUp` and from sources that modules register. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [WarmUpExplorer, WarmUpRegistry, WarmUpRunner],
  exports: [WarmUpRegistry, WarmUpRunner],
})
export class WarmUpModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly explorer: WarmUpExplorer,
    private readonly runner: WarmUpRunner,
  ) {}

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
