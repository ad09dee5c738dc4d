import type { Cache, LoadContext, LoadManyOptions } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import type { Ack, KeepOptions, SourceLoader, Subject, SubjectOptions, Versioned } from '../subject.js';
import { KEYS, type KeySpec, SPACES } from '../world.js';

/** Larder itself, as an application would set it up, with an outbox that survives the process. */
export function larder({ redisUrl, outboxFile, onDrained }: SubjectOptions): Subject {
  const root = createCache({ namespace: 'checked', redis: redisUrl, outbox: { file: outboxFile } });
  root.on('outbox', ({ event }) => {
    if (event === 'drained') onDrained();
  });
  return new LarderSubject(root);
}

class LarderSubject implements Subject {
  readonly hasStrictReads = true;
  private readonly spaces: readonly Cache[];

  constructor(private readonly root: Cache) {
    this.spaces = SPACES.map((path) =>
      path.split('/').reduce((cache, name) => (name === '' ? cache : cache.namespace(name)), root),
    );
  }

  get(key: KeySpec, isStrict: boolean): Promise<Versioned | undefined> {
    return this.spaceOf(key).get<Versioned>(key.name, consistency(isStrict));
  }

  async getMany(keys: readonly KeySpec[], isStrict: boolean): Promise<Versioned[]> {
    const found = await this.spaceOf(keys[0]!).getMany<Versioned>(
      keys.map((key) => key.name),
      consistency(isStrict),
    );
    return [...found.values()];
  }

  getOrLoad(key: KeySpec, load: SourceLoader, options: KeepOptions, isStrict: boolean): Promise<Versioned> {
    const loader = async (context: LoadContext): Promise<Versioned> => (await load([key], sideOf(context)))[0]!;
    return this.spaceOf(key).getOrLoad<Versioned>(key.name, loader, {
      ...loadOptions(options),
      tags: key.tags,
      ...consistency(isStrict),
    });
  }

  async getOrLoadMany(keys: readonly KeySpec[], load: SourceLoader, options: KeepOptions): Promise<Versioned[]> {
    const byName = new Map(keys.map((key) => [key.name, key]));
    const loader = async (missing: readonly string[], context: LoadContext): Promise<Map<string, Versioned>> => {
      const values = await load(
        missing.map((name) => byName.get(name)!),
        sideOf(context),
      );
      return new Map(values.map((value) => [KEYS[value.key]!.name, value]));
    };
    const found = await this.spaceOf(keys[0]!).getOrLoadMany<Versioned>([...byName.keys()], loader, {
      ...loadOptions(options),
      tagsOf: (name) => byName.get(name)!.tags,
    });
    return [...found.values()];
  }

  async set(key: KeySpec, value: Versioned, { ttlMs, graceMs }: KeepOptions): Promise<Ack> {
    return (await this.spaceOf(key).set(key.name, value, { ttlMs, graceMs, tags: key.tags })).status;
  }

  async delete(keys: readonly KeySpec[]): Promise<Ack> {
    return (await this.spaceOf(keys[0]!).delete(keys.map((key) => key.name))).status;
  }

  async invalidateTags(space: number, tags: readonly string[]): Promise<Ack> {
    return (await this.spaces[space]!.invalidateTags(tags)).status;
  }

  expireTags = (space: number, tags: readonly string[]): Promise<unknown> => this.spaces[space]!.expireTags(tags);

  async clear(space: number): Promise<Ack> {
    return (await this.spaces[space]!.clear()).status;
  }

  stats(): Record<string, number> {
    const { hits, misses, fills, fillsRejected } = this.root.stats();
    return {
      'memory hits': hits.memory,
      'redis hits': hits.redis,
      'stale served': hits.stale,
      misses,
      fills,
      'fills rejected': fillsRejected,
    };
  }

  close(): Promise<void> {
    return this.root.close();
  }

  private spaceOf({ space }: KeySpec): Cache {
    return this.spaces[space]!;
  }
}

function consistency(isStrict: boolean): { consistency?: 'strict' } {
  return isStrict ? { consistency: 'strict' } : {};
}

function sideOf(context: LoadContext): Parameters<SourceLoader>[1] {
  return { addTags: (tags) => context.set({ tags }) };
}

function loadOptions({ isRefresh, ...options }: KeepOptions): LoadManyOptions<Versioned> {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(set) as LoadManyOptions<Versioned>),
    ...(isRefresh ? { consistency: 'refresh' } : {}),
  };
}
