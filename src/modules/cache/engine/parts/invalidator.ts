import type { WriteReceipt } from '../contract/cache.js';
import { expireLocally, invalidateLocally } from '../local/local-state.js';
import type { EngineParts } from './engine-parts.js';
import type { Invalidation, SlotAddress } from '../ports/remote-tier.js';
import type { Dependency } from '../versions/dependency-table.js';

export const APPLIED: WriteReceipt = { status: 'applied' };
export const QUEUED: WriteReceipt = { status: 'queued' };

/** Sends invalidations to Redis, and to the outbox where Redis does not acknowledge them. */
export class Invalidator {
  constructor(private readonly parts: EngineParts) {}

  /** Removes slots (`hard`), or makes their entries stale (`soft`), here and on every instance. */
  async invalidateKeys(addresses: readonly SlotAddress[], mode: Invalidation['mode']): Promise<WriteReceipt> {
    const changeHere = (): void => {
      for (const { memoryKey } of addresses)
        (mode === 'hard' ? invalidateLocally : expireLocally)(this.parts, memoryKey);
    };
    changeHere();
    const receipt = await this.sendKeys(addresses, mode);
    changeHere();
    return receipt;
  }

  /** As {@link invalidateKeys}, without a change on this instance. */
  async sendKeys(addresses: readonly SlotAddress[], mode: Invalidation['mode']): Promise<WriteReceipt> {
    return (await this.#send({ addresses, dependencies: [], mode })) ? APPLIED : this.queueKeys(addresses);
  }

  /** Changes the versions of tags and generations, here and on every instance. */
  async invalidateDependencies(dependencies: readonly Dependency[], mode: Invalidation['mode']): Promise<WriteReceipt> {
    const { table, sender } = this.parts;
    for (const dependency of dependencies) {
      if (mode === 'hard') table.invalidate(dependency);
      else table.expire(dependency);
    }
    const ids = dependencies.map((dependency) => dependency.id);
    if (await this.#send({ addresses: [], dependencies: ids, mode })) return APPLIED;
    for (const dependency of dependencies) {
      if (mode === 'hard') table.invalidate(dependency, 'known');
      else table.expire(dependency, 'known');
    }
    sender!.queue([], ids, mode);
    return QUEUED;
  }

  /** Removes keys as soon as Redis takes it. An expiry is queued as a removal, which is safe and costs the stale value. */
  queueKeys(addresses: readonly SlotAddress[]): WriteReceipt {
    this.parts.sender!.queue(addresses, [], 'hard');
    return QUEUED;
  }

  /** Returns whether the invalidation holds on every instance: Redis acknowledged it, or there is no Redis. */
  async #send(invalidation: Invalidation): Promise<boolean> {
    const { remote, table } = this.parts;
    if (remote === undefined || (invalidation.addresses.length === 0 && invalidation.dependencies.length === 0))
      return true;
    const acknowledged = remote.tier.canInvalidate() ? await remote.tier.invalidate(invalidation) : undefined;
    if (acknowledged === undefined) return false;
    for (const [id, { version, at }] of acknowledged.versions) table.recordFromLog(id, version, at, 'known');
    return true;
  }
}
