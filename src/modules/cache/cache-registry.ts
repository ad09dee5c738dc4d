import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { CACHE, getCacheToken } from './cache.tokens.js';
import type { Cache } from './engine/contract/cache.js';

/** The caches of an application by their names. */
@Injectable()
export class CacheRegistry {
  /** @internal */
  constructor(
    @Inject(CACHE) private readonly root: Cache,
    private readonly modules: ModuleRef,
  ) {}

  /**
   * The cache of a name; without a name, the application's cache.
   *
   * @throws Error for a name that no module provides.
   */
  get(name?: string): Cache {
    if (name === undefined) return this.root;
    try {
      return this.modules.get<Cache>(getCacheToken(name), { strict: false });
    } catch (error) {
      throw new Error(
        `There is no cache named ${JSON.stringify(name)}. Import CacheModule.forRoot({ name }) or CacheModule.forFeature([{ name }]).`,
        { cause: error },
      );
    }
  }
}
