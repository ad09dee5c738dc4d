import type { SubjectFactory } from '../subject.js';

/** The caches that can be checked, loaded when asked for: the peers are installed only for comparisons. */
export const SUBJECTS = {
  larder: async () => (await import('./larder.subject.js')).larder,
  naive: async () => (await import('./naive.subject.js')).naive,
  bentocache: async () => (await import('./bentocache.subject.js')).bentocache,
  'cache-manager': async () => (await import('./cache-manager.subject.js')).cacheManager,
} as const satisfies Record<string, () => Promise<SubjectFactory>>;

export type SubjectName = keyof typeof SUBJECTS;
