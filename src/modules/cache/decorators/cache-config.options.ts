import type { ContextKeys, VaryBy } from './context-values.js';
import type { EntryBehaviour } from './entry-behaviour.js';

/** What the methods of a class have in common; each may say otherwise. */
export interface CacheConfigOptions extends EntryBehaviour {
  /** Namespace of every cached method of the class. Letters, digits, `.`, `_`, `-`. */
  readonly namespace?: string;
  /** Values that decide the responses of every `@CacheResponse` of the class; see there. Default none. */
  readonly varyBy?: VaryBy;
  /** Values that decide the results of every `@Cacheable` method of the class; see there. Default none. */
  readonly contextKeys?: ContextKeys;
  /** Name of the cache, from `CacheModule.forRoot({ name })` or `forFeature()`. Default: the application's. */
  readonly cache?: string;
}
