import type { Clock } from '../../../../common/clock.js';
import type { EntrySlot, EnvelopeHeader, Slot, UnreadableReason } from '../../codec/envelope.types.js';
import type { UnreadableError } from '../../codec/unreadable.error.js';
import type { EventBus } from '../contract/event-bus.js';
import type { KeyFence } from '../local/key-fence.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { TrustWindow } from '../local/trust-window.js';
import type { Namespace } from '../names/namespace.js';
import type { Outbox } from '../outage/outbox.js';
import type { PeerTombstones } from '../outage/peer-tombstones.js';
import type { ReadSlot, RemoteTier, SlotAddress, SlotListener } from '../ports/remote-tier.js';
import type { Dependency, DependencyTable, VersionSnapshot } from '../versions/dependency-table.js';
import type { EntryValidator, Validity } from './entry-validator.js';
import { LateResult, LEASED, NO_ENTRY, RemoteEntry, type SlotResult } from './remote-entry.js';
import { RemoteVersions, type Versions } from './remote-versions.js';

/** How a read treats the entries that it finds. */
export interface ReadContext {
  readonly namespace: Namespace;
  /** Versions are read from Redis too, whatever this instance knows. */
  readonly isStrict: boolean;
  /** A fresh entry goes into memory. */
  readonly promotes: boolean;
}

/** A slot that is being read. */
export interface SlotQuery {
  readonly context: ReadContext;
  readonly key: string;
  readonly address: SlotAddress;
  /** `KeyFence` mark from before the slot was asked for. */
  readonly fenceMark: number;
}

/** One read on its way: the listener that the tier calls with the slot. */
class PendingSlotQuery implements SlotQuery, SlotListener {
  #late: LateResult | undefined;

  constructor(
    private readonly level: RemoteLevel,
    private readonly resolve: (result: SlotResult | Promise<SlotResult> | undefined) => void,
    readonly context: ReadContext,
    readonly key: string,
    readonly address: SlotAddress,
    readonly fenceMark: number,
  ) {}

  onSlot(slot: ReadSlot): void {
    if (slot === 'late') return this.resolve((this.#late = new LateResult()));
    const result = slot === undefined ? undefined : this.level.decide(this, slot);
    if (this.#late === undefined) this.resolve(result);
    else this.#late.settle(result);
  }
}

/** An entry whose versions have yet to be fetched, and its place in the batch. */
interface UnverifiedSlot {
  readonly index: number;
  readonly slot: EntrySlot;
}

const NO_VERSIONS: Versions = new Map();

/** The parts a {@link RemoteLevel} works with. */
export interface RemoteLevelParts {
  readonly tier: RemoteTier;
  readonly table: DependencyTable;
  readonly fence: KeyFence;
  readonly outbox: Outbox;
  readonly peerTombstones: PeerTombstones;
  readonly memory: MemoryLevel;
  readonly validator: EntryValidator;
  readonly trust: TrustWindow;
  readonly events: EventBus;
  readonly clock: Clock;
}

/** Redis as the engine uses it: reads slots, has their entries validated, and puts fresh entries into memory. */
export class RemoteLevel {
  readonly tier: RemoteTier;
  readonly versions: RemoteVersions;
  readonly #parts: RemoteLevelParts;

  constructor(parts: RemoteLevelParts) {
    this.#parts = parts;
    this.tier = parts.tier;
    this.versions = new RemoteVersions(parts.tier, parts.table, parts.clock);
  }

  /** Whether Redis may be asked about a key: not while an invalidation of it waits to be sent, here or on another instance. */
  mayRead(memoryKey: string): boolean {
    const { outbox, peerTombstones } = this.#parts;
    return this.tier.canRead() && !outbox.hasKey(memoryKey) && !peerTombstones.hasKey(memoryKey);
  }

  /** Reads one slot. A {@link LateResult}: Redis did not answer within the budget. `undefined`: it did not answer. */
  read(context: ReadContext, key: string, address: SlotAddress): Promise<SlotResult | undefined> {
    return new Promise((resolve) => {
      const query = new PendingSlotQuery(this, resolve, context, key, address, this.#parts.fence.mark());
      this.tier.read(address, query, context.namespace.defaults.minReadTimeoutMs);
    });
  }

  /** Reads many slots at once; results in the order of `keys`, `undefined` where Redis did not answer. */
  async readMany(
    context: ReadContext,
    keys: readonly string[],
    addresses: readonly SlotAddress[],
    minTimeoutMs = context.namespace.defaults.minReadTimeoutMs,
  ): Promise<readonly (SlotResult | undefined)[]> {
    const fenceMark = this.#parts.fence.mark();
    const queries = addresses.map((address, i): SlotQuery => ({ context, key: keys[i]!, address, fenceMark }));
    const results: (SlotResult | undefined)[] = new Array(keys.length).fill(undefined);
    const unverified: UnverifiedSlot[] = [];
    const late = new Map<number, LateResult>();
    const onSlot = (index: number, slot: ReadSlot): void => {
      if (slot === 'late') {
        late.set(index, (results[index] = new LateResult()));
        return;
      }
      const lateResult = late.get(index);
      if (lateResult !== undefined) {
        lateResult.settle(slot === undefined ? undefined : this.decide(queries[index]!, slot));
        return;
      }
      if (slot === undefined) return;
      const decided = this.#decideLocally(queries[index]!, slot);
      if (decided === undefined) unverified.push({ index, slot: (slot as EntrySlot).kept() });
      else results[index] = decided;
    };
    await this.tier.readMany(addresses, onSlot, minTimeoutMs);
    if (unverified.length === 0) return results;
    const versions = await this.#versionsFor(context, queries, unverified, results);
    for (const { index, slot } of unverified)
      results[index] ??= this.#decideWithVersions(queries[index]!, slot, versions);
    return results;
  }

  /** Versions from Redis of the slots that are still unverified when the log was read, if it is being read now. */
  async #versionsFor(
    context: ReadContext,
    queries: readonly SlotQuery[],
    unverified: readonly UnverifiedSlot[],
    results: (SlotResult | undefined)[],
  ): Promise<Versions> {
    const { opening } = this.#parts.trust;
    await opening;
    if (opening !== undefined)
      for (const { index, slot } of unverified) results[index] = this.#decideLocally(queries[index]!, slot);
    const slots = unverified.filter(({ index }) => results[index] === undefined).map(({ slot }) => slot);
    return slots.length === 0 ? NO_VERSIONS : this.versions.fetch(this.#dependenciesOf(context.namespace, slots));
  }

  /** Decides what a slot that was answered holds for its reader: by local knowledge, else with versions from Redis. */
  decide(query: SlotQuery, slot: Slot | 'empty'): SlotResult | Promise<SlotResult> {
    return this.#decideLocally(query, slot) ?? this.#decideWithRedis(query, (slot as EntrySlot).kept());
  }

  /** `undefined`: an entry that only the versions in Redis can validate. */
  #decideLocally(query: SlotQuery, slot: Slot | 'empty'): SlotResult | undefined {
    if (slot === 'empty') return NO_ENTRY;
    if (slot.kind !== 'entry') {
      if (slot.kind === 'lease') return LEASED;
      this.#reportUnreadable(query, slot.reason);
      return NO_ENTRY;
    }
    const { context, address } = query;
    if (context.isStrict) return undefined;
    const localMs = this.#parts.clock.nowMs();
    const redisMs = this.tier.nowMs(address.partition, localMs);
    const validity = this.#parts.validator.validateLocally(context.namespace, slot.header, redisMs, localMs);
    return validity === 'unknown' ? undefined : this.#deliver(query, slot, validity, redisMs);
  }

  async #decideWithRedis(query: SlotQuery, slot: EntrySlot): Promise<SlotResult> {
    const { opening } = this.#parts.trust;
    if (opening !== undefined) {
      await opening;
      const decided = this.#decideLocally(query, slot);
      if (decided !== undefined) return decided;
    }
    const versions = await this.versions.fetch(this.#dependenciesOf(query.context.namespace, [slot]));
    return this.#decideWithVersions(query, slot, versions);
  }

  #decideWithVersions(query: SlotQuery, slot: EntrySlot, versions: Versions): SlotResult {
    const { clock, validator } = this.#parts;
    const localMs = clock.nowMs();
    const redisMs = this.tier.nowMs(query.address.partition, localMs);
    const validity = validator.validateAgainst(query.context.namespace, slot.header, redisMs, localMs, versions);
    return this.#deliver(query, slot, validity, redisMs);
  }

  #dependenciesOf(namespace: Namespace, slots: readonly EntrySlot[]): readonly Dependency[] {
    const { validator } = this.#parts;
    return [...new Set(slots.flatMap(({ header }) => validator.dependenciesOf(namespace, header)))];
  }

  /** Runs in the same tick as the validation: decodes the value, and puts a fresh entry into memory. */
  #deliver(query: SlotQuery, slot: EntrySlot, validity: Validity, redisMs: number): SlotResult {
    const { header } = slot;
    if (validity === 'invalid' || validity === 'unknown')
      return { entry: undefined, seenStoredAtMs: header.storedAtMs };
    const { context, address, fenceMark } = query;
    const { memory, fence } = this.#parts;
    try {
      const isStale = validity === 'stale';
      const snapshot = isStale ? this.#snapshotOf(context.namespace, header) : undefined;
      // Clocks agree to within half a round trip, and no entry is read before it was stored.
      const validatedAtMs = Math.max(redisMs, header.storedAtMs);
      const entry = new RemoteEntry(slot.value(), header, isStale, slot.sizeBytes, validatedAtMs, snapshot, fenceMark);
      if (context.promotes && !isStale && memory.isEnabled && fence.isUnchanged(address.memoryKey, fenceMark))
        this.#promote(context.namespace, address, entry);
      return entry;
    } catch (error) {
      this.#reportUnreadable(query, (error as Partial<UnreadableError>).reason ?? 'payload');
      return { entry: undefined, seenStoredAtMs: header.storedAtMs };
    }
  }

  #promote(
    namespace: Namespace,
    { memoryKey }: SlotAddress,
    { value, header, sizeBytes, validatedAtMs }: RemoteEntry,
  ): void {
    const { clock, memory } = this.#parts;
    const nowMs = clock.nowMs();
    const toLocalMs = nowMs - validatedAtMs;
    memory.put(memoryKey, {
      value,
      isAbsent: header.isAbsent,
      storedAtMs: nowMs,
      freshUntilMs: header.freshUntilMs + toLocalMs,
      staleUntilMs: header.staleUntilMs + toLocalMs,
      loadMs: header.loadMs,
      snapshot: this.#snapshotOf(namespace, header),
      payloadBytes: sizeBytes,
      remoteStoredAtMs: header.storedAtMs,
    });
  }

  #snapshotOf(namespace: Namespace, header: EnvelopeHeader): VersionSnapshot {
    const { table, validator } = this.#parts;
    return table.snapshot(validator.dependenciesOf(namespace, header));
  }

  #reportUnreadable({ context, key }: SlotQuery, reason: UnreadableReason): void {
    this.#parts.events.emit('unreadable', { cache: context.namespace.name, key, reason });
  }
}
