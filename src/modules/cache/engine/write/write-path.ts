import type { EntryOptions, LoadManyOptions, WriteReceipt } from '../contract/cache.js';
import type { CacheEvents } from '../contract/events.js';
import { expireLocally, invalidateLocally } from '../local/local-state.js';
import type { Namespace } from '../names/namespace.js';
import { settingsOf } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { Invalidation } from '../ports/remote-tier.js';
import type { Dependency } from '../versions/dependency-table.js';
import { Invalidator } from '../parts/invalidator.js';
import { PutPath } from './put-path.js';

type Operation = CacheEvents['write']['operation'];
type Mode = Invalidation['mode'];

/**
 * Writes and invalidations of one namespace, in the order of their calls.
 *
 * Invariant: of two operations of this instance that concern the same entry, the one that was called later decides, whether
 * or not the first was awaited; `docs/consistency.md` has the table. The steps that keep it:
 *
 * 1. An operation takes effect on this instance at its call, and again when Redis acknowledged it, since a read may have
 *    brought the old value back in between.
 * 2. Writes of one key run one after the other ({@link WriteOrder.write}).
 * 3. A `set` waits for the invalidations of its tags and generations that were called before, so that it is stored under the
 *    versions after them. An invalidation that is called after the `set` is recorded at its call, and removes the value.
 * 4. An invalidation that Redis does not acknowledge goes to the outbox.
 */
export class WritePath {
  readonly #invalidator: Invalidator;
  readonly #puts: PutPath;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
  ) {
    this.#invalidator = new Invalidator(parts);
    this.#puts = new PutPath(parts, namespace, this.#invalidator);
  }

  async set(key: string, value: unknown, options: EntryOptions | undefined): Promise<WriteReceipt> {
    const settings = settingsOf(this.namespace, options as LoadManyOptions<never> | undefined);
    const receipt = await this.#puts.put(key, value, settings);
    return this.#report('set', receipt, 1);
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options: EntryOptions | undefined,
  ): Promise<WriteReceipt> {
    const settings = settingsOf(this.namespace, options as LoadManyOptions<never> | undefined);
    const latest = new Map(entries);
    // An invalid key rejects before any value is written.
    for (const key of latest.keys()) this.namespace.memoryKey(key);
    const puts = [...latest].map(([key, value]) => this.#puts.put(key, value, settings));
    const results = await Promise.allSettled(puts);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const isQueued = results.some((result) => result.status === 'fulfilled' && result.value.status === 'queued');
    return this.#report('set', { status: isQueued ? 'queued' : 'applied' }, latest.size);
  }

  async delete(keys: readonly string[]): Promise<WriteReceipt> {
    return this.#report('delete', await this.#removeKeys(keys, 'hard'), new Set(keys).size);
  }

  async expire(keys: readonly string[]): Promise<WriteReceipt> {
    return this.#report('expire', await this.#removeKeys(keys, 'soft'), new Set(keys).size);
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteReceipt> {
    return this.#report('invalidateTags', await this.#changeTags(tags, 'hard'), tags.length);
  }

  async expireTags(tags: readonly string[]): Promise<WriteReceipt> {
    return this.#report('expireTags', await this.#changeTags(tags, 'soft'), tags.length);
  }

  async clear(): Promise<WriteReceipt> {
    const { sweeper } = this.parts;
    const receipt = this.#changeDependencies([this.namespace.generation], 'hard');
    sweeper.request();
    return this.#report('clear', await receipt, 1);
  }

  async #removeKeys(keys: readonly string[], mode: Mode): Promise<WriteReceipt> {
    const addresses = [...new Set(keys)].map((key) => this.namespace.address(key));
    const changeHere = mode === 'hard' ? invalidateLocally : expireLocally;
    for (const { memoryKey } of addresses) changeHere(this.parts, memoryKey);
    return this.parts.order.write(
      addresses.map(({ memoryKey }) => memoryKey),
      () => this.#invalidator.invalidateKeys(addresses, mode),
    );
  }

  #changeTags(tags: readonly string[], mode: Mode): Promise<WriteReceipt> {
    return this.#changeDependencies(this.namespace.tags([...new Set(tags)]), mode);
  }

  #changeDependencies(dependencies: readonly Dependency[], mode: Mode): Promise<WriteReceipt> {
    const ids = dependencies.map(({ id }) => id);
    return this.parts.order.invalidate(ids, () => this.#invalidator.invalidateDependencies(dependencies, mode));
  }

  #report(operation: Operation, receipt: WriteReceipt, count: number): WriteReceipt {
    this.parts.events.emit('write', { cache: this.namespace.name, operation, status: receipt.status, count });
    return receipt;
  }
}
