import type { EntryBehaviour } from './entry-behaviour.js';

/** What the methods of a class have in common; each may say otherwise. */
export interface CacheConfigOptions extends EntryBehaviour {
  /** Namespace of every cached method of the class. Letters, digits, `.`, `_`, `-`. */
  readonly namespace?: string;
}
