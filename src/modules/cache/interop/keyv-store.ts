import { EventEmitter } from 'node:events';
import type { KeyvEntry, StoredData } from 'keyv';
import type { Cache } from '../engine/contract/cache.js';
import { entryKeyOf, namespaceNameOf } from './keyv-names.js';

/** What an entry of the cache holds: the key, as Keyv gave it, and what Keyv stores. */
type KeyvRecord = readonly [key: string, data: unknown];

/** Keys read at a time by an iteration. */
const BATCH_SIZE = 200;

/**
 * A Keyv store over the engine: both tiers, the promise about invalidations, and a `clear()` that takes one command. Each
 * namespace of Keyv is a namespace of the cache. Without a ttl a value is kept until it is evicted, as Keyv has it.
 *
 * Nothing throws because of Redis. A value that can't be stored makes `set` answer `false` and emits `error`.
 */
export class KeyvStore extends EventEmitter {
  /** Keyv iterates over stores of the dialects it knows. */
  readonly opts = { dialect: 'redis', url: '' };
  /** Set by the Keyv that uses the store. */
  namespace?: string;

  /** @param cache a namespace of its own. It stays open: its owner closes it. */
  constructor(private readonly cache: Cache) {
    super();
    // Keyv listens; without a listener Node would throw the event.
    this.on('error', () => undefined);
  }

  async get<T>(key: string): Promise<StoredData<T> | undefined> {
    return dataOf<T>(await this.entries.get<KeyvRecord>(entryKeyOf(key)));
  }

  async getMany<T>(keys: string[]): Promise<StoredData<T | undefined>[]> {
    const names = keys.map(entryKeyOf);
    const found = await this.entries.getMany<KeyvRecord>([...new Set(names)]);
    return names.map((name) => dataOf<T>(found.get(name)));
  }

  async set(key: string, data: unknown, ttlMs?: number): Promise<boolean> {
    try {
      await this.entries.set(entryKeyOf(key), [key, data] satisfies KeyvRecord, { ttlMs: lifetimeOf(ttlMs) });
      return true;
    } catch (error) {
      this.emit('error', error);
      return false;
    }
  }

  async setMany(entries: KeyvEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  /** Whether there was a value. */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** Whether there was a value of any of the keys. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const { entries } = this;
    const names = keys.map(entryKeyOf);
    const found = await entries.getMany(names, { countsMisses: false });
    await entries.delete(names);
    return found.size > 0;
  }

  async has(key: string): Promise<boolean> {
    return this.entries.has(entryKeyOf(key), { countsMisses: false });
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.entries.getMany(keys.map(entryKeyOf), { countsMisses: false });
    return keys.map((key) => found.has(entryKeyOf(key)));
  }

  /** Removes the values of this namespace of Keyv, on every instance. */
  async clear(): Promise<void> {
    await this.entries.clear();
  }

  /** Each key with what Keyv stored, in no order. Values that are set or removed meanwhile may be left out. */
  async *iterator<T>(namespace = this.namespace): AsyncGenerator<[string, StoredData<T>], void> {
    const entries = this.entriesOf(namespace);
    let batch: string[] = [];
    for await (const name of entries.keys()) {
      if (batch.push(name) < BATCH_SIZE) continue;
      yield* await recordsOf<T>(entries, batch);
      batch = [];
    }
    if (batch.length > 0) yield* await recordsOf<T>(entries, batch);
  }

  async disconnect(): Promise<void> {}

  private get entries(): Cache {
    return this.entriesOf(this.namespace);
  }

  private entriesOf(namespace: string | undefined): Cache {
    return this.cache.namespace(namespaceNameOf(namespace));
  }
}

async function recordsOf<T>(entries: Cache, names: readonly string[]): Promise<[string, StoredData<T>][]> {
  const found = await entries.getMany<KeyvRecord>(names, { countsMisses: false });
  return [...found.values()].map(([key, data]) => [key, data as StoredData<T>]);
}

function dataOf<T>(record: KeyvRecord | undefined): StoredData<T> | undefined {
  return record?.[1] as StoredData<T> | undefined;
}

/** Keyv says `undefined` or 0 for a value without an end. */
function lifetimeOf(ttlMs: number | undefined): number {
  return ttlMs === undefined || ttlMs === 0 ? Number.POSITIVE_INFINITY : ttlMs;
}
