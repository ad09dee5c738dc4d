import type { NamespaceOptions } from '../contract/cache.js';
import { assertName, type KeyLayout, plainOrHashed, SEPARATOR } from './key-layout.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { SlotAddress } from '../ports/remote-tier.js';

/** What a namespace's entries get when a call does not say. */
export type ScopeDefaults = NamespaceOptions;

/**
 * One namespace: the names of its keys and tags in memory and in Redis, and the generations its entries depend on. The
 * only place where names of Redis keys are made:
 *
 * - value or lease: `{ns}:v:<path>:<key>`; tag: `{ns}:t:<path>:<tag>`; generation: `{ns}:g:<path>`; log: `{ns}:log`
 * - in a Cluster `{ns}` is `{ns:<partition>}`, so that a value and the log of its invalidations share a slot and braces
 *   in user keys move nothing.
 */
export class Scope {
  /** Generation ids from the root down to this namespace; a clear of any makes its entries misses. */
  readonly generations: readonly Dependency[];
  readonly #prefix: string;

  constructor(
    private readonly table: DependencyTable,
    readonly layout: KeyLayout,
    /** `''` for the root, else names joined by `/`. */
    readonly path: string,
    readonly defaults: ScopeDefaults,
    parent?: Scope,
  ) {
    this.generations = [...(parent?.generations ?? []), table.of(`g:${path}`)];
    this.#prefix = path === '' ? '' : `${SEPARATOR}${path}${SEPARATOR}`;
  }

  /** Full name for people and metrics. */
  get name(): string {
    return this.path === '' ? this.layout.namespace : `${this.layout.namespace}/${this.path}`;
  }

  get generation(): Dependency {
    return this.generations[this.generations.length - 1]!;
  }

  child(name: string, defaults: ScopeDefaults): Scope {
    assertName(name);
    return new Scope(
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
    return names.map((name) => this.table.of(this.tagId(name)));
  }

  tagId(name: string): string {
    if (typeof name !== 'string' || name === '') throw new TypeError('A tag is a non-empty string.');
    return `t:${this.path}:${plainOrHashed(name)}`;
  }

  /** Id of a tag by the name an entry carries. */
  tagIdOf(carried: string): string {
    return `t:${this.path}:${carried}`;
  }

  /** The name an entry carries for one of this scope's tag ids. */
  tagOf(id: string): string {
    return id.slice(this.path.length + 3);
  }
}
