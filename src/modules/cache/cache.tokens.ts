import type { AnnouncementSource } from './create-cache.options.js';

/** Injects the application's root {@link Cache}: `constructor(@Inject(CACHE) private readonly cache: Cache)`. */
export const CACHE = Symbol('larder:cache');

/**
 * Port: who brings announcements of invalidations, an {@link AnnouncementSource} or `null`. The invalidation module
 * provides it globally; where nobody does, the cache subscribes by itself.
 */
export const ANNOUNCEMENTS = Symbol('larder:cache:announcements');

/** What {@link ANNOUNCEMENTS} injects. */
export type Announcements = AnnouncementSource | null;
