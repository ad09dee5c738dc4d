import type { Clock } from '../../../../common/clock.js';
import type { EntrySlot, EnvelopeHeader, Slot, UnreadableReason } from '../../codec/envelope.types.js';
import type { UnreadableError } from '../../codec/unreadable.error.js';
import type { Capture, Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { EventBus } from '../contract/event-bus.js';
import type { KeyFence } from '../local/key-fence.js';
import { type Examined, Found, NOTHING } from './remote-entry.js';
import { Judge, type Verdict } from './entry-validator.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { Outbox } from '../outage/outbox.js';
import type { ReadSlot, RemoteTier, SlotAddress, SlotListener } from '../ports/remote-tier.js';
import { RemoteVersions, type Versions } from './remote-versions.js';
import type { Scope } from '../names/namespace.js';
import type { Suppressed } from '../outage/peer-tombstones.js';

/** Who reads, and how. */
export interface Reading {
  readonly scope: Scope;
  /** Versions are read from Redis too, whatever is known here. */
  readonly isStrict: boolean;
  /** What is fresh goes into memory. */
  readonly promotes: boolean;
}

/** A slot that is asked for. */
class Asked {
  constructor(
    readonly reading: Reading,
    readonly key: string,
    readonly address: SlotAddress,
    /** From before it was asked for. */
    readonly fenceMark: number,
  ) {}
}

/** One read on its way: a listener for the tier. */
class SlotRead extends Asked implements SlotListener {
  constructor(
    private readonly level: RemoteLevel,
    private readonly resolve: (examined: Examined | Promise<Examined> | undefined) => void,
    reading: Reading,
    key: string,
    address: SlotAddress,
    fenceMark: number,
  ) {
    super(reading, key, address, fenceMark);
  }

  onSlot(slot: ReadSlot): void {
    this.resolve(slot === undefined ? undefined : this.level.settle(this, slot));
  }
}

/** An entry whose versions are yet to be asked for, and its place in the batch. */
interface Undecided {
  readonly index: number;
  readonly slot: EntrySlot;
}

/** Redis as the engine uses it: reads slots, has what they hold judged, and puts what is fresh into memory. */
export class RemoteLevel {
  readonly versions: RemoteVersions;
  readonly #judge: Judge;

  constructor(
    readonly tier: RemoteTier,
    private readonly table: DependencyTable,
    private readonly fence: KeyFence,
    private readonly outbox: Outbox,
    private readonly suppressed: Suppressed,
    private readonly memory: MemoryLevel,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {
    this.versions = new RemoteVersions(tier, table);
    this.#judge = new Judge(table, outbox, suppressed, memory, clock);
  }

  /** Entries from before now are misses for a while. */
  distrustPast(forMs: number): void {
    this.#judge.distrustPast(forMs);
  }

  /** Whether Redis may be asked about a key: not while an invalidation of it waits to be sent, here or elsewhere. */
  mayRead(memoryKey: string): boolean {
    return this.tier.canRead() && !this.outbox.hasKey(memoryKey) && !this.suppressed.hasKey(memoryKey);
  }

  /** One slot. `undefined`: Redis did not answer. */
  read(reading: Reading, key: string, address: SlotAddress): Promise<Examined | undefined> {
    return new Promise((resolve) => {
      const read = new SlotRead(this, resolve, reading, key, address, this.fence.mark());
      this.tier.read(address, read, reading.scope.defaults.readPatienceMs);
    });
  }

  /** Many slots at once, in order; `undefined` in the list where Redis did not answer. */
  async readMany(
    reading: Reading,
    keys: readonly string[],
    addresses: readonly SlotAddress[],
  ): Promise<readonly (Examined | undefined)[]> {
    const fenceMark = this.fence.mark();
    const asked = addresses.map((address, i) => new Asked(reading, keys[i]!, address, fenceMark));
    const examined: (Examined | undefined)[] = new Array(keys.length).fill(undefined);
    const undecided: Undecided[] = [];
    const onSlot = (index: number, slot: ReadSlot): void => {
      if (slot === undefined) return;
      const settled = this.#settleNow(asked[index]!, slot);
      if (settled === undefined) undecided.push({ index, slot: (slot as EntrySlot).kept() });
      else examined[index] = settled;
    };
    await this.tier.readMany(addresses, onSlot, reading.scope.defaults.readPatienceMs);
    if (undecided.length === 0) return examined;
    const slots = undecided.map(({ slot }) => slot);
    const versions = await this.versions.fetch(this.#dependenciesOf(reading.scope, slots));
    for (const { index, slot } of undecided) examined[index] = this.#settleBy(versions, asked[index]!, slot);
    return examined;
  }

  /** A slot that was answered by a script; `fenceMark` is from before it was asked for. */
  async examine(
    reading: Reading,
    key: string,
    address: SlotAddress,
    slot: Slot | 'empty',
    fenceMark: number,
  ): Promise<Examined> {
    return this.settle(new Asked(reading, key, address, fenceMark), slot);
  }

  /** What a slot that was answered holds for who asked. */
  settle(asked: Asked, slot: Slot | 'empty'): Examined | Promise<Examined> {
    return this.#settleNow(asked, slot) ?? this.#settleAsking(asked, (slot as EntrySlot).kept());
  }

  /** `undefined`: an entry that only its versions in Redis can tell about. */
  #settleNow(asked: Asked, slot: Slot | 'empty'): Examined | undefined {
    if (slot === 'empty') return NOTHING;
    if (slot.kind !== 'entry') {
      if (slot.kind === 'unreadable') this.#tellUnreadable(asked, slot.reason);
      return NOTHING;
    }
    const { reading, address } = asked;
    if (reading.isStrict) return undefined;
    const localMs = this.clock.nowMs();
    const redisMs = this.tier.nowMs(address.partition, localMs);
    const verdict = this.#judge.byKnown(reading.scope, slot.header, redisMs, localMs);
    return verdict === 'unknown' ? undefined : this.#conclude(asked, slot, verdict, redisMs);
  }

  async #settleAsking(asked: Asked, slot: EntrySlot): Promise<Examined> {
    const versions = await this.versions.fetch(this.#dependenciesOf(asked.reading.scope, [slot]));
    return this.#settleBy(versions, asked, slot);
  }

  #settleBy(versions: Versions, asked: Asked, slot: EntrySlot): Examined {
    const localMs = this.clock.nowMs();
    const redisMs = this.tier.nowMs(asked.address.partition, localMs);
    const verdict = this.#judge.byAnswer(asked.reading.scope, slot.header, redisMs, localMs, versions);
    return this.#conclude(asked, slot, verdict, redisMs);
  }

  #dependenciesOf(scope: Scope, slots: readonly EntrySlot[]): readonly Dependency[] {
    return [...new Set(slots.flatMap(({ header }) => this.#judge.dependenciesOf(scope, header)))];
  }

  /** In the same tick as the verdict: decodes, and puts what is fresh into memory. */
  #conclude(asked: Asked, slot: EntrySlot, verdict: Verdict, redisMs: number): Examined {
    const { header } = slot;
    if (verdict === 'invalid' || verdict === 'unknown') return { found: undefined, seenStoredAtMs: header.storedAtMs };
    const { reading, address, fenceMark } = asked;
    try {
      const isStale = verdict === 'stale';
      const capture = isStale ? this.#captureOf(reading.scope, header) : undefined;
      // Clocks agree to within half a round trip, and nothing is read before it was stored.
      const judgedAtMs = Math.max(redisMs, header.storedAtMs);
      const found = new Found(slot.value(), header, isStale, slot.sizeBytes, judgedAtMs, capture, fenceMark);
      if (reading.promotes && !isStale && this.memory.isEnabled && this.fence.isUnchanged(address.memoryKey, fenceMark))
        this.#promote(reading.scope, address, found);
      return found;
    } catch (error) {
      this.#tellUnreadable(asked, (error as Partial<UnreadableError>).reason ?? 'payload');
      return { found: undefined, seenStoredAtMs: header.storedAtMs };
    }
  }

  #promote(scope: Scope, { memoryKey }: SlotAddress, { value, header, sizeBytes, judgedAtMs }: Found): void {
    const nowMs = this.clock.nowMs();
    const toLocalMs = nowMs - judgedAtMs;
    this.memory.put(memoryKey, {
      value,
      isAbsent: header.isAbsent,
      storedAtMs: nowMs,
      freshUntilMs: header.freshUntilMs + toLocalMs,
      staleUntilMs: header.staleUntilMs + toLocalMs,
      loadMs: header.loadMs,
      capture: this.#captureOf(scope, header),
      payloadBytes: sizeBytes,
      remoteStoredAtMs: header.storedAtMs,
    });
  }

  #captureOf(scope: Scope, header: EnvelopeHeader): Capture {
    return this.table.capture(this.#judge.dependenciesOf(scope, header));
  }

  #tellUnreadable({ reading, key }: Asked, reason: UnreadableReason): void {
    this.events.emit('unreadable', { cache: reading.scope.name, key, reason });
  }
}
