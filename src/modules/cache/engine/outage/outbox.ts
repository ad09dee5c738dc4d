import type { SlotAddress } from '../ports/remote-tier.js';

/** How a dependency waits: `hard` makes entries misses, `soft` stale. */
export type OutboxMode = 'hard' | 'soft';

/** What waits to be sent, as a drain takes it. */
export interface OutboxBatch {
  readonly addresses: readonly SlotAddress[];
  readonly dependencies: readonly string[];
  readonly mode: OutboxMode;
}

/**
 * Invalidations that Redis did not acknowledge. What is in it is void on this instance until it was sent, whatever Redis
 * says. Bounded: past `maxItems` the owner is told to put one clear of the whole namespace in its place.
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

  /** How a dependency waits; `undefined` when it does not. */
  modeOf(id: string): OutboxMode | undefined {
    return this.#dependencies.size === 0 ? undefined : this.#dependencies.get(id)?.mode;
  }

  addKey(address: SlotAddress): void {
    // Anew at the end, so that a drain meets the oldest first.
    this.#addresses.delete(address.memoryKey);
    this.#addresses.set(address.memoryKey, { address, ticket: ++this.#ticket });
  }

  addDependency(id: string, mode: OutboxMode): void {
    const waiting = this.#dependencies.get(id);
    this.#dependencies.delete(id);
    this.#dependencies.set(id, { mode: waiting?.mode === 'hard' ? 'hard' : mode, ticket: ++this.#ticket });
  }

  /** One clear of everything stands for all that waited. */
  replaceBy(rootGeneration: string): void {
    this.#addresses.clear();
    this.#dependencies.clear();
    this.addDependency(rootGeneration, 'hard');
  }

  /** What waits to make entries misses, in parts of at most `size` items. */
  *hardParts(size: number): Generator<{ addresses: SlotAddress[]; dependencies: string[] }> {
    const addresses = [...this.#addresses.values()].map(({ address }) => address);
    const dependencies = [...this.#dependencies].flatMap(([id, { mode }]) => (mode === 'hard' ? [id] : []));
    for (let from = 0; from < Math.max(addresses.length, dependencies.length); from += size)
      yield { addresses: addresses.slice(from, from + size), dependencies: dependencies.slice(from, from + size) };
  }

  /** Everything that waits, for a file. */
  contents(): { keys: string[]; dependencies: [id: string, mode: OutboxMode][] } {
    return {
      keys: [...this.#addresses.keys()],
      dependencies: [...this.#dependencies].map(([id, { mode }]) => [id, mode]),
    };
  }

  /**
   * Sends what waits now, in batches; an item goes when its batch was acknowledged and it was not added again meanwhile.
   * What is added meanwhile is left for the next drain: under a steady writer there is no end to wait for.
   *
   * @returns whether everything that waited was acknowledged.
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

  /** Whether something added up to this ticket still waits. */
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
    const mode = this.#dependencies.values().next().value?.mode ?? 'hard';
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
