import { Redis } from 'ioredis';
import type { Ack, KeepOptions, SourceLoader, Subject, SubjectOptions, Versioned } from '../subject.js';
import { type KeySpec, keysTagged, keysUnder, SPACES } from '../world.js';

const CHANNEL = 'naive:deleted';

/** Cache-aside as many write it: a Map, GET and SET, and a DEL that is published so that others drop their copy. */
export function naive({ redisUrl }: SubjectOptions): Subject {
  return new NaiveSubject(redisUrl);
}

class NaiveSubject implements Subject {
  readonly hasStrictReads = false;
  readonly expireTags = undefined;
  private readonly memory = new Map<string, { value: Versioned; untilMs: number }>();
  private readonly loads = new Map<string, Promise<Versioned>>();
  private readonly redis: Redis;
  private readonly subscriber: Redis;

  constructor(url: string) {
    this.redis = new Redis(url, { commandTimeout: 500, maxRetriesPerRequest: 1 });
    this.subscriber = new Redis(url);
    for (const client of [this.redis, this.subscriber]) client.on('error', () => undefined);
    void this.subscriber.subscribe(CHANNEL).catch(() => undefined);
    this.subscriber.on('message', (_, names: string) => {
      for (const name of names.split(' ')) this.memory.delete(name);
    });
  }

  async get(key: KeySpec): Promise<Versioned | undefined> {
    const name = nameOf(key);
    const known = this.memory.get(name);
    if (known !== undefined && known.untilMs > performance.now()) return known.value;
    const text = await this.redis.get(name).catch(() => null);
    if (text === null) return undefined;
    const value = JSON.parse(text) as Versioned;
    this.memory.set(name, { value, untilMs: performance.now() + 5_000 });
    return value;
  }

  async getMany(keys: readonly KeySpec[]): Promise<Versioned[]> {
    return (await Promise.all(keys.map((key) => this.get(key)))).filter((value) => value !== undefined);
  }

  async getOrLoad(key: KeySpec, load: SourceLoader, options: KeepOptions): Promise<Versioned> {
    const cached = await this.get(key);
    if (cached !== undefined) return cached;
    const name = nameOf(key);
    const running = this.loads.get(name);
    if (running !== undefined) return running;
    const loading = load([key], { addTags: () => undefined }).then(async ([value]) => {
      await this.store(key, value!, options).catch(() => undefined);
      return value!;
    });
    this.loads.set(name, loading);
    try {
      return await loading;
    } finally {
      this.loads.delete(name);
    }
  }

  async getOrLoadMany(keys: readonly KeySpec[], load: SourceLoader, options: KeepOptions): Promise<Versioned[]> {
    return Promise.all(keys.map((key) => this.getOrLoad(key, load, options)));
  }

  async set(key: KeySpec, value: Versioned, options: KeepOptions): Promise<Ack> {
    await this.store(key, value, options);
    await this.redis.publish(CHANNEL, nameOf(key));
    return 'applied';
  }

  async delete(keys: readonly KeySpec[]): Promise<Ack> {
    const names = keys.map(nameOf);
    for (const name of names) this.memory.delete(name);
    await this.redis.del(...names);
    await this.redis.publish(CHANNEL, names.join(' '));
    return 'applied';
  }

  invalidateTags(space: number, tags: readonly string[]): Promise<Ack> {
    return this.delete(keysTagged(space, tags));
  }

  clear(space: number): Promise<Ack> {
    return this.delete(keysUnder(space));
  }

  stats(): Record<string, number> {
    return {};
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    this.subscriber.disconnect();
  }

  private async store(key: KeySpec, value: Versioned, { ttlMs }: KeepOptions): Promise<void> {
    await this.redis.set(nameOf(key), JSON.stringify(value), 'PX', ttlMs);
    this.memory.set(nameOf(key), { value, untilMs: performance.now() + Math.min(ttlMs, 5_000) });
  }
}

function nameOf({ space, name }: KeySpec): string {
  return `naive:${SPACES[space]}:${name}`;
}
