import type { AnnouncementSource } from './engine/ports/announcement-source.js';

/** Injects the application's root {@link Cache}: `constructor(@Inject(CACHE) private readonly cache: Cache)`. */
export const CACHE = Symbol.for('larder:cache');

/** Injects the cache of a name: of `forRoot({ name })`, or of `forFeature()`. */
export function getCacheToken(name: string): symbol {
  return Symbol.for(`larder:cache:named:${name}`);
}

/** Provided globally by the warm-up module, so that `@WarmUp` without it is an error at start. */
export const WARM_UPS_RUN = Symbol.for('larder:warm-up:run');

/** Metadata key of a method's warm-ups. */
export const WARM_UPS = 'larder:warm-up:requests';

/** The settings of the cache module: its options over the application's configuration over the defaults. */
export const CACHE_SETTINGS = Symbol.for('larder:cache:settings');

/**
 * Port: the {@link AnnouncementSource} that delivers announcements of invalidations, or `null`. The invalidation module
 * provides it globally; without a provider the cache subscribes by itself.
 */
export const ANNOUNCEMENTS = Symbol.for('larder:cache:announcements');

/** The type of {@link ANNOUNCEMENTS}. */
export type Announcements = AnnouncementSource | null;
