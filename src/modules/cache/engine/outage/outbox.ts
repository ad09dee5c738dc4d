import type { SlotAddress } from '../ports/remote-tier.js';

/** How a waiting invalidation of a dependency treats entries: `hard` makes them misses, `soft` makes them stale. */
export type OutboxMode = 'hard' | 'soft';

/** Some of the waiting invalidations, sent in one call. */
export interface OutboxBatch {
  readonly addresses: readonly SlotAddress[];
  readonly dependencies: readonly string[];
  readonly mode: OutboxMode;
}

/**
 * Invalidations that Redis did not acknowledge. Until one is sent, this instance treats its entries as invalid, whatever
 * Redis holds. Bounded: past `maxItems` the owner replaces everything by one clear of the whole cache.
 */
export class Outbox {
  readonly #addresses = new Map<string, { address: SlotAddress; ticket: number }>();
  readonly #dependencies = new Map<string, { mode: OutboxMode; ticket: number }>();
  #ticket = 0;

  constructor(private readonly maxItems: number) {}

  get size(): number {
    return this.#addresses.size + this.#dependencies.size;
  }

  get isOverflowing(): boolean {
    return this.size > this.maxItems;
  }

  hasKey(memoryKey: string): boolean {
    return this.#addresses.size > 0 && this.#addresses.has(memoryKey);
  }

  /** The mode of a waiting dependency; `undefined` if it does not wait. */
  modeOf(id: string): OutboxMode | undefined {
    return this.#dependencies.size === 0 ? undefined : this.#dependencies.get(id)?.mode;
  }

  addKey(address: SlotAddress): void {
    // Added again at the end, so that a drain sends the oldest first.
    this.#addresses.delete(address.memoryKey);
    this.#addresses.set(address.memoryKey, { address, ticket: ++this.#ticket });
  }

  addDependency(id: string, mode: OutboxMode): void {
    const waiting = this.#dependencies.get(id);
    this.#dependencies.delete(id);
    this.#dependencies.set(id, { mode: waiting?.mode === 'hard' ? 'hard' : mode, ticket: ++this.#ticket });
  }

  /** One clear of everything takes the place of all waiting invalidations. */
  replaceBy(rootGeneration: string): void {
    this.#addresses.clear();
    this.#dependencies.clear();
    this.addDependency(rootGeneration, 'hard');
  }

  /** The waiting invalidations that make entries misses, in batches of at most `size` items. */
  *hardInvalidations(size: number): Generator<{ addresses: SlotAddress[]; dependencies: string[] }> {
    const addresses = [...this.#addresses.values()].map(({ address }) => address);
    const dependencies = [...this.#dependencies].flatMap(([id, { mode }]) => (mode === 'hard' ? [id] : []));
    for (let from = 0; from < Math.max(addresses.length, dependencies.length); from += size)
      yield { addresses: addresses.slice(from, from + size), dependencies: dependencies.slice(from, from + size) };
  }

  /** All waiting invalidations, for a file. */
  snapshot(): { keys: string[]; dependencies: [id: string, mode: OutboxMode][] } {
    return {
      keys: [...this.#addresses.keys()],
      dependencies: [...this.#dependencies].map(([id, { mode }]) => [id, mode]),
    };
  }

  /**
   * Sends the waiting invalidations in batches. An item is removed when its batch was acknowledged, unless it was added again
   * meanwhile. Items that are added meanwhile are left for the next drain: under a steady writer a drain would never end.
   *
   * @returns whether Redis acknowledged every item that waited at the call.
   */
  async drain(send: (batch: OutboxBatch) => Promise<boolean>, batchSize = 500): Promise<boolean> {
    const last = this.#ticket;
    while (this.#hasWaitedSince(last)) {
      const upTo = this.#ticket;
      const batch = this.#nextBatch(batchSize);
      if (!(await send(batch))) return false;
      for (const { memoryKey } of batch.addresses) forget(this.#addresses, memoryKey, upTo);
      for (const id of batch.dependencies) forget(this.#dependencies, id, upTo);
    }
    return true;
  }

  /** Whether an item that was added up to this ticket still waits. */
  #hasWaitedSince(ticket: number): boolean {
    const [key] = this.#addresses.values();
    const [dependency] = this.#dependencies.values();
    return (key?.ticket ?? Infinity) <= ticket || (dependency?.ticket ?? Infinity) <= ticket;
  }

  #nextBatch(batchSize: number): OutboxBatch {
    const addresses: SlotAddress[] = [];
    for (const { address } of this.#addresses.values()) {
      if (addresses.length === batchSize) break;
      addresses.push(address);
    }
    // Keys wait to be removed. In one batch with expiries they would only become stale.
    const mode = addresses.length > 0 ? 'hard' : (this.#dependencies.values().next().value?.mode ?? 'hard');
    const dependencies: string[] = [];
    for (const [id, waiting] of this.#dependencies) {
      if (dependencies.length === batchSize) break;
      if (waiting.mode === mode) dependencies.push(id);
    }
    return { addresses, dependencies, mode };
  }
}

function forget(waiting: Map<string, { ticket: number }>, key: string, upTo: number): void {
  const item = waiting.get(key);
  if (item !== undefined && item.ticket <= upTo) waiting.delete(key);
}
