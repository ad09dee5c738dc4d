import type { Clock } from '../../../common/clock.js';
import type { EnvelopeHeader, Slot } from '../codec/envelope.types.js';
import type { Dependency, DependencyTable } from './dependency-table.js';
import type { EventBus } from './event-bus.js';
import type { KeyFence } from './fence.js';
import { type Examined, Found, NOTHING } from './found.js';
import type { MemoryLevel } from './memory-level.js';
import type { Outbox } from './outbox.js';
import type { RemoteTier, SlotAddress } from './remote-tier.js';
import type { Scope } from './scope.js';
import type { Suppressed } from './suppressed.js';
import { isSameHard, type Version } from './version.js';

/** Who reads, and how. */
export interface Reading {
  readonly scope: Scope;
  /** Versions are read from Redis too, whatever is known here. */
  readonly isStrict: boolean;
  /** What is fresh goes into memory. */
  readonly promotes: boolean;
}

/** Keys of a batch in one read: their values fill a few chunks of a socket. */
const PART_KEYS = 25;
/** Versions that change more often than this while they are read are left alone. */
const MAX_FETCHES = 3;

type Verdict = 'fresh' | 'stale' | 'invalid' | 'unknown';
type Versions = ReadonlyMap<string, Version | undefined>;

/**
 * Redis as the engine uses it: reads slots and decides whether what they hold may be served, by comparing the versions
 * an entry was stored under with those that are current.
 */
export class RemoteLevel {
  /** Entries stored before this moment (monotonic ms) are misses until `#distrustUntilMs`: after a change of server, other instances may still have to send what it lost. */
  #distrustBeforeMs = Number.NEGATIVE_INFINITY;
  #distrustUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly tier: RemoteTier,
    private readonly table: DependencyTable,
    private readonly fence: KeyFence,
    private readonly outbox: Outbox,
    private readonly suppressed: Suppressed,
    private readonly memory: MemoryLevel,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** Entries from before now are misses for a while. */
  distrustPast(forMs: number): void {
    this.#distrustBeforeMs = this.clock.nowMs();
    this.#distrustUntilMs = this.clock.nowMs() + forMs;
  }

  /** Whether Redis may be asked about a key: not while an invalidation of it waits to be sent, here or elsewhere. */
  mayRead(memoryKey: string): boolean {
    return this.tier.canRead() && !this.outbox.hasKey(memoryKey) && !this.suppressed.hasKey(memoryKey);
  }

  /** One slot. `undefined`: Redis did not answer. */
  read(reading: Reading, key: string, address: SlotAddress): Promise<Examined | undefined> {
    const fenceMark = this.fence.mark(address.memoryKey);
    return new Promise((resolve) => {
      const onSlot = (slot: Slot | 'empty' | undefined): void => {
        if (slot === undefined) return resolve(undefined);
        const verdict = this.#judgeNow(reading, slot, address.partition);
        resolve(
          verdict === 'unknown'
            ? this.examine(reading, key, address, slot, fenceMark)
            : this.#conclude(reading, key, address, slot, verdict, fenceMark),
        );
      };
      this.tier.read(address, onSlot, reading.scope.defaults.readPatienceMs);
    });
  }

  /** Many slots at once, in order; in parts, so that what one brought is decoded while Redis sends the next. */
  async readMany(
    reading: Reading,
    keys: readonly string[],
    addresses: readonly SlotAddress[],
  ): Promise<readonly Examined[] | undefined> {
    const parts: Promise<readonly Examined[] | undefined>[] = [];
    for (let from = 0; from < keys.length; from += PART_KEYS)
      parts.push(this.#readPart(reading, keys.slice(from, from + PART_KEYS), addresses.slice(from, from + PART_KEYS)));
    const examined: Examined[] = [];
    for (const part of await Promise.all(parts)) {
      if (part === undefined) return undefined;
      examined.push(...part);
    }
    return examined;
  }

  async #readPart(
    reading: Reading,
    keys: readonly string[],
    addresses: readonly SlotAddress[],
  ): Promise<readonly Examined[] | undefined> {
    const fenceMarks = addresses.map(({ memoryKey }) => this.fence.mark(memoryKey));
    const slots = await this.tier.readMany(addresses, reading.scope.defaults.readPatienceMs);
    if (slots === undefined) return undefined;
    const examined: Examined[] = new Array(slots.length);
    const unknown: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      const verdict = this.#judgeNow(reading, slots[i]!, addresses[i]!.partition);
      if (verdict === 'unknown') unknown.push(i);
      else examined[i] = this.#conclude(reading, keys[i]!, addresses[i]!, slots[i]!, verdict, fenceMarks[i]!);
    }
    if (unknown.length === 0) return examined;
    const versions = await this.#versionsFor(
      reading,
      unknown.map((i) => slots[i]!),
    );
    for (const i of unknown) {
      examined[i] = this.#conclude(
        reading,
        keys[i]!,
        addresses[i]!,
        slots[i]!,
        this.#judgeAsked(reading.scope, slots[i]!, addresses[i]!.partition, versions),
        fenceMarks[i]!,
      );
    }
    return examined;
  }

  /** A slot that was answered by a read or a script; `fenceMark` is from before it was asked for. */
  async examine(
    reading: Reading,
    key: string,
    address: SlotAddress,
    slot: Slot | 'empty',
    fenceMark: number,
  ): Promise<Examined> {
    let verdict = this.#judgeNow(reading, slot, address.partition);
    if (verdict === 'unknown')
      verdict = this.#judgeAsked(reading.scope, slot, address.partition, await this.#versionsFor(reading, [slot]));
    return this.#conclude(reading, key, address, slot, verdict, fenceMark);
  }

  /**
   * Makes the versions of these dependencies known. `false`: one could not be had, so an entry that depends on it can
   * neither be judged nor stored in Redis.
   */
  async know(dependencies: readonly Dependency[]): Promise<boolean> {
    // What changes while it is asked for is asked for again: at the start the log is found, and everything forgotten once.
    for (let tries = 0; tries < MAX_FETCHES; tries++) {
      const unknown = dependencies.filter((dependency) => dependency.version === undefined);
      if (unknown.length === 0) return true;
      await this.#fetch(unknown);
    }
    return dependencies.every((dependency) => dependency.version !== undefined);
  }

  /** By what is known here; `unknown` when that is not enough, or may be old because the log was not followed lately. */
  #judgeNow(reading: Reading, slot: Slot | 'empty', partition: number): Verdict {
    if (typeof slot === 'string' || slot.kind !== 'entry') return 'invalid';
    if (reading.isStrict || this.#isBehind()) return 'unknown';
    return this.#judge(reading.scope, slot, partition, undefined);
  }

  #isBehind(): boolean {
    return this.clock.nowMs() >= this.memory.trust.trustedUntilMs;
  }

  /** Versions that these entries depend on, from Redis. */
  #versionsFor({ scope }: Reading, slots: ReadonlyArray<Slot | 'empty'>): Promise<Versions> {
    const dependencies = new Set<Dependency>();
    for (const slot of slots) {
      if (typeof slot !== 'string' && slot.kind === 'entry')
        for (const dependency of this.#dependenciesOf(scope, slot.header)) dependencies.add(dependency);
    }
    return this.#fetch([...dependencies]);
  }

  /** Asks Redis for versions and remembers those that nothing changed meanwhile. */
  async #fetch(dependencies: readonly Dependency[]): Promise<Map<string, Version | undefined>> {
    const byId = new Map<string, Version | undefined>();
    if (dependencies.length === 0) return byId;
    const before = this.table.capture(dependencies);
    const versions = await this.tier.versions(dependencies.map((dependency) => dependency.id));
    dependencies.forEach((dependency, i) => {
      const version = versions?.[i];
      byId.set(dependency.id, version);
      if (version !== undefined) this.table.learn(dependency, version, before.hardEpochs[i]!, before.softEpochs[i]!);
    });
    return byId;
  }

  /**
   * By what Redis answered, and by what is known here after it: an announcement may have overtaken the answer, and what
   * goes into memory now counts as stored after it.
   */
  #judgeAsked(scope: Scope, slot: Slot | 'empty', partition: number, versions: Versions): Verdict {
    const asked = this.#judge(scope, slot, partition, versions);
    return asked === 'invalid' ? asked : this.#judge(scope, slot, partition, undefined);
  }

  /** By `versions` where given, else by what is known here; `unknown` means that only Redis can tell. */
  #judge(scope: Scope, slot: Slot | 'empty', partition: number, versions: Versions | undefined): Verdict {
    if (typeof slot === 'string' || slot.kind !== 'entry') return 'invalid';
    const { header } = slot;
    const nowMs = this.tier.nowMs(partition);
    if (
      nowMs >= header.staleUntilMs ||
      header.generations.length !== scope.generations.length ||
      this.#isDistrusted(header, nowMs)
    )
      return 'invalid';
    let verdict: Verdict = nowMs >= header.freshUntilMs ? 'stale' : 'fresh';
    for (let i = 0; i < header.generations.length; i++) {
      const found = this.#compare(scope.generations[i]!, header.generations[i]!, versions);
      if (found === 'invalid' || found === 'unknown') return found;
      if (found === 'stale') verdict = 'stale';
    }
    for (const { tag, version } of header.tags) {
      const found = this.#compare(this.table.of(scope.tagIdOf(tag)), version, versions);
      if (found === 'invalid' || found === 'unknown') return found;
      if (found === 'stale') verdict = 'stale';
    }
    return verdict;
  }

  #compare(dependency: Dependency, stored: Version, versions: Versions | undefined): Verdict {
    const queued = this.outbox.modeOf(dependency.id);
    if (queued === 'hard' || this.suppressed.hasDependency(dependency.id)) return 'invalid';
    const current = versions === undefined ? dependency.version : versions.get(dependency.id);
    if (current === stored) return queued === 'soft' ? 'stale' : 'fresh';
    if (current !== undefined && isSameHard(current, stored)) return 'stale';
    // A version that was evicted is made anew without an announcement: instances may know different ones, and ask.
    return versions === undefined ? 'unknown' : 'invalid';
  }

  /** `nowMs` is Redis's time now. */
  #isDistrusted(header: EnvelopeHeader, nowMs: number): boolean {
    const localMs = this.clock.nowMs();
    return localMs < this.#distrustUntilMs && header.storedAtMs < this.#distrustBeforeMs + (nowMs - localMs);
  }

  #dependenciesOf(scope: Scope, header: EnvelopeHeader): Dependency[] {
    const dependencies = [...scope.generations];
    for (const { tag } of header.tags) dependencies.push(this.table.of(scope.tagIdOf(tag)));
    return dependencies;
  }

  /** In the same tick as the verdict: decodes, and puts what is fresh into memory. */
  #conclude(
    reading: Reading,
    key: string,
    address: SlotAddress,
    slot: Slot | 'empty',
    verdict: Verdict,
    fenceMark: number,
  ): Examined {
    if (typeof slot === 'string') return NOTHING;
    if (slot.kind === 'unreadable')
      this.events.emit('unreadable', { cache: reading.scope.name, key, reason: slot.reason });
    if (slot.kind !== 'entry') return NOTHING;
    const { header } = slot;
    if (verdict === 'invalid' || verdict === 'unknown') return { found: undefined, seenStoredAtMs: header.storedAtMs };
    try {
      const isStale = verdict === 'stale';
      const capture = isStale ? this.table.capture(this.#dependenciesOf(reading.scope, header)) : undefined;
      const found = new Found(
        slot.value(),
        header,
        isStale,
        slot.sizeBytes,
        this.tier.nowMs(address.partition),
        capture,
      );
      if (
        reading.promotes &&
        !found.isStale &&
        this.memory.isEnabled &&
        this.fence.isUnchanged(address.memoryKey, fenceMark)
      )
        this.#promote(reading.scope, address, found);
      return { found, seenStoredAtMs: header.storedAtMs };
    } catch (error) {
      this.events.emit('unreadable', {
        cache: reading.scope.name,
        key,
        reason: (error as { reason?: string }).reason ?? 'payload',
      });
      return { found: undefined, seenStoredAtMs: header.storedAtMs };
    }
  }

  #promote(scope: Scope, { memoryKey, partition }: SlotAddress, { value, header, sizeBytes }: Found): void {
    const nowMs = this.clock.nowMs();
    const toLocalMs = nowMs - this.tier.nowMs(partition);
    this.memory.put(memoryKey, {
      value,
      isAbsent: header.isAbsent,
      storedAtMs: nowMs,
      freshUntilMs: header.freshUntilMs + toLocalMs,
      staleUntilMs: header.staleUntilMs + toLocalMs,
      loadMs: header.loadMs,
      capture: this.table.capture(header.tags.length === 0 ? scope.generations : this.#dependenciesOf(scope, header)),
      payloadBytes: sizeBytes,
      remoteStoredAtMs: header.storedAtMs,
    });
  }
}
