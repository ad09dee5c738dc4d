/** One key of the source of truth, with how it is cached. */
export interface KeySpec {
  /** Its place in the source of truth. */
  readonly index: number;
  readonly space: number;
  readonly name: string;
  /**
   * How it is written: `evicted` keys are deleted or invalidated by tag after the source changed; `put` keys are written
   * through, one writer at a time, since two puts that race are the application's to order.
   */
  readonly kind: 'evicted' | 'put';
  /** Tags known before the load. */
  readonly tags: readonly string[];
  /** Tags only the result tells. */
  readonly lateTags: readonly string[];
}

/**
 * Namespaces, parents first; a clear of one covers those below it. The last one is changed rarely: an invalidation that
 * gets lost there is not made good by the next.
 */
export const SPACES = ['', 'images', 'images/thumbs', 'quiet'] as const;

/** Index of the one that is changed rarely. */
export const QUIET_SPACE = 3;

const KEYS_PER_SPACE = [24, 16, 8, 32];
const TAGS_PER_SPACE = 4;

/** Every key of the history checker's world. */
export const KEYS: readonly KeySpec[] = makeKeys();

function makeKeys(): KeySpec[] {
  const keys: KeySpec[] = [];
  KEYS_PER_SPACE.forEach((count, space) => {
    for (let i = 0; i < count; i++) {
      const first = `t${i % TAGS_PER_SPACE}`;
      const second = `t${(i + 1) % TAGS_PER_SPACE}`;
      const place = { index: keys.length, space, name: `k${i}` };
      switch (Math.floor(i / TAGS_PER_SPACE) % 4) {
        case 0:
          keys.push({ ...place, kind: 'evicted', tags: [], lateTags: [] });
          break;
        case 1:
          keys.push({ ...place, kind: 'evicted', tags: [first, second], lateTags: [] });
          break;
        case 2:
          keys.push({ ...place, kind: 'evicted', tags: [first], lateTags: [second] });
          break;
        default:
          keys.push({ ...place, kind: 'put', tags: [first], lateTags: [] });
      }
    }
  });
  return keys;
}

/** Tags in use in every space. */
export const TAGS: readonly string[] = Array.from({ length: TAGS_PER_SPACE }, (_, i) => `t${i}`);

/** Keys of one space. */
export const KEYS_BY_SPACE: readonly (readonly KeySpec[])[] = SPACES.map((_, space) =>
  KEYS.filter((key) => key.space === space),
);

/** Keys that carry one of the tags. Tags belong to their space. */
export function keysTagged(space: number, tags: readonly string[]): KeySpec[] {
  return KEYS_BY_SPACE[space]!.filter((key) => [...key.tags, ...key.lateTags].some((tag) => tags.includes(tag)));
}

/** Keys of a space and of those below it. */
export function keysUnder(space: number): KeySpec[] {
  const path = SPACES[space]!;
  return KEYS.filter((key) => path === '' || SPACES[key.space] === path || SPACES[key.space]!.startsWith(`${path}/`));
}

/** Milliseconds of a clock that all processes of this machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A loader takes at most about this long. */
export const MAX_LOAD_MS = 300;
