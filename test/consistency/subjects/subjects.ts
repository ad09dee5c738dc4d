import type { SubjectFactory } from '../subject.js';

/** Peers live beside the benchmarks, which have dependencies of their own: `npm install --prefix bench`. */
const PEERS = new URL('../../../bench/consistency/', import.meta.url);

/** The caches that can be checked, loaded when asked for. */
export const SUBJECTS = {
  larder: async () => (await import('./larder.subject.js')).larder,
  naive: async () => (await import('./naive.subject.js')).naive,
  bentocache: () => peer('bentocache'),
  'cache-manager': () => peer('cache-manager', 'cacheManager'),
} as const satisfies Record<string, () => Promise<SubjectFactory>>;

export type SubjectName = keyof typeof SUBJECTS;

async function peer(name: string, factory = name): Promise<SubjectFactory> {
  const module = (await import(new URL(`${name}.subject.mjs`, PEERS).href)) as Record<string, SubjectFactory>;
  return module[factory]!;
}
