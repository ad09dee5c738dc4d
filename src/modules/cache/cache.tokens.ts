import type { AnnouncementSource } from './engine/ports/announcement-source.js';

/** Injects the application's root {@link Cache}: `constructor(@Inject(CACHE) private readonly cache: Cache)`. */
export const CACHE = Symbol('larder:cache');

/**
 * Port: the {@link AnnouncementSource} that delivers announcements of invalidations, or `null`. The invalidation module
 * provides it globally; without a provider the cache subscribes by itself.
 */
export const ANNOUNCEMENTS = Symbol('larder:cache:announcements');

/** The type of {@link ANNOUNCEMENTS}. */
export type Announcements = AnnouncementSource | null;
