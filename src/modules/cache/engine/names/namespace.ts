import type { NamespaceOptions } from '../contract/cache.js';
import { assertName, type KeyLayout, plainOrHashed, SEPARATOR } from './key-layout.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { SlotAddress } from '../ports/remote-tier.js';

/** Options of a namespace's entries where a call does not give them. */
export type NamespaceDefaults = NamespaceOptions;

/**
 * One namespace: the names of its keys and tags in memory and in Redis, and the generations its entries depend on. Names of
 * Redis keys are made only here and in {@link KeyLayout}:
 *
 * - value or lease: `{ns}:v:<path>:<key>`; tag: `{ns}:t:<path>:<tag>`; generation: `{ns}:g:<path>`; log: `{ns}:log`
 * - in a Cluster `{ns}` is `{ns:<partition>}`, so that a value and the log of its invalidations share a slot and braces
 *   in user keys move nothing.
 */
export class Namespace {
  /** Generations from the root down to this namespace. A clear of any of them makes the entries of this namespace misses. */
  readonly generations: readonly Dependency[];
  readonly #prefix: string;

  constructor(
    private readonly table: DependencyTable,
    readonly layout: KeyLayout,
    /** `''` for the root, else names joined by `/`. */
    readonly path: string,
    readonly defaults: NamespaceDefaults,
    parent?: Namespace,
  ) {
    this.generations = [...(parent?.generations ?? []), table.getOrCreate(`g:${path}`)];
    this.#prefix = path === '' ? '' : `${SEPARATOR}${path}${SEPARATOR}`;
  }

  /** Full name for people and metrics. */
  get name(): string {
    return this.path === '' ? this.layout.namespace : `${this.layout.namespace}/${this.path}`;
  }

  get generation(): Dependency {
    return this.generations[this.generations.length - 1]!;
  }

  child(name: string, defaults: NamespaceDefaults): Namespace {
    assertName(name);
    return new Namespace(
      this.table,
      this.layout,
      this.path === '' ? name : `${this.path}/${name}`,
      { ...this.defaults, ...defaults },
      this,
    );
  }

  /** Unique over all namespaces. */
  memoryKey(key: string): string {
    if (typeof key !== 'string' || key === '') throw new TypeError('A cache key is a non-empty string.');
    if (this.#prefix !== '') return this.#prefix + key;
    return key.charCodeAt(0) === 1 ? SEPARATOR + SEPARATOR + key : key;
  }

  address(key: string): SlotAddress {
    return this.layout.address(this.memoryKey(key), this.path, key);
  }

  tags(names: readonly string[]): Dependency[] {
    return names.map((name) => this.table.getOrCreate(this.tagId(name)));
  }

  tagId(name: string): string {
    if (typeof name !== 'string' || name === '') throw new TypeError('A tag is a non-empty string.');
    return `t:${this.path}:${plainOrHashed(name)}`;
  }

  /** Id of a tag, by the name that entries carry. */
  tagIdOf(carried: string): string {
    return `t:${this.path}:${carried}`;
  }

  /** The name that entries carry, by the id of one of this namespace's tags. */
  tagOf(id: string): string {
    return id.slice(this.path.length + 3);
  }
}
