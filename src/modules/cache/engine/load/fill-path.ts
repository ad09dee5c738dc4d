import type { StoredForm } from '../../codec/stored-form.js';
import { UnstorableValueError } from '../../codec/unstorable-value.error.js';
import type { CacheEvents } from '../contract/events.js';
import type { EntryOptions } from '../contract/cache.js';
import type { Tier } from '../contract/tier.js';
import type { Flight } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import { jittered, type CallSettings } from '../parts/call-settings.js';
import { Invalidator } from '../parts/invalidator.js';
import type { EngineParts } from '../parts/engine-parts.js';
import { entryTimes } from '../parts/entry-times.js';
import type { Fill, FillOutcome, Lease } from '../ports/remote-tier.js';
import { versionsInHeader } from '../remote/entry-header.js';
import { WRITE_MS } from '../remote/remote-versions.js';
import { recordKept, recordLost, storedVersions } from '../remote/stored-versions.js';
import type { LoadResult } from './load-run.js';

type RejectReason = CacheEvents['fillRejected']['reason'];

/** A flight, with the lease that it was granted. */
export interface LeasedFlight {
  readonly flight: Flight;
  readonly lease: Lease | undefined;
}

/** The loaded values of some flights, and how they may be stored. */
export interface LoadedFlights {
  readonly flights: readonly LeasedFlight[];
  readonly result: LoadResult;
  readonly settings: CallSettings;
  /** False for flights that waited for a lease in vain: their callers get the value, and no tier keeps it. */
  readonly storesResult: boolean;
}

/** A loaded value on its way into the tiers. */
interface PendingFill extends LeasedFlight {
  readonly value: unknown;
  readonly isAbsent: boolean;
  readonly freshMs: number;
  readonly graceMs: number;
}

/**
 * Stores loaded values: in Redis while the lease is still held and no tag has changed, in memory if no matching
 * invalidation arrived since the read began. The callers get their value in any case.
 *
 * Order: (1) tags that only the result named are added to the flights and checked against the log; (2) values that may not
 * be stored give their leases back; (3) the rest is sent to Redis; (4) a value that Redis accepted goes into memory.
 */
export class FillPath {
  readonly #invalidator: Invalidator;
  readonly #forms = new WeakMap<Flight, StoredForm | undefined>();

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
  ) {
    this.#invalidator = new Invalidator(parts);
  }

  async fill(loaded: LoadedFlights): Promise<void> {
    const { flights, result } = loaded;
    const hasLateChange = await this.#addLateTags(flights, result.overrides.tags ?? []);
    const pending: PendingFill[] = [];
    const unused: LeasedFlight[] = [];
    for (const leased of flights) {
      const fill = this.#toPendingFill(leased, loaded);
      if (fill !== undefined && !hasLateChange) pending.push(fill);
      else unused.push(leased);
      if (fill !== undefined && hasLateChange) this.reject(leased.flight, 'tag-changed');
    }
    this.giveBack(unused);
    if (loaded.settings.consistency === 'refresh') await this.#removeOld(unused);
    await this.#withinAckBudget(this.#store(pending, loaded));
    for (const { flight } of flights)
      flight.succeed({ value: result.values.get(flight.key), isAbsent: !result.values.has(flight.key), hasLateChange });
  }

  /** True if the flight's value is to be kept in Redis. */
  isForRedis(flight: Flight, loaded: LoadedFlights): boolean {
    const { result, settings } = loaded;
    if (!settings.usesRedis || result.overrides.tiers === 'memory') return false;
    return this.#toPendingFill({ flight, lease: undefined }, loaded) !== undefined;
  }

  /** Stores values whose leases were granted after their loader had run. The callers have them. */
  async storeLate(loaded: LoadedFlights): Promise<void> {
    const pending: PendingFill[] = [];
    for (const leased of loaded.flights) {
      const fill = this.#toPendingFill(leased, loaded);
      if (fill === undefined) this.giveBack([leased]);
      else pending.push(fill);
    }
    await this.#store(pending, loaded);
  }

  /** Callers wait for the fill to be acknowledged for a moment only; storing goes on after that. */
  #withinAckBudget(storing: Promise<void>): Promise<void> {
    const { remote, clock } = this.parts;
    if (remote === undefined) return storing;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(() => resolve(), remote.tier.fillAckBudgetMs());
      storing.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** `undefined` for a value that the caller or the loader does not want stored. */
  #toPendingFill(
    { flight, lease }: LeasedFlight,
    { result, settings, storesResult }: LoadedFlights,
  ): PendingFill | undefined {
    const { values, overrides, isSkipped } = result;
    if (!storesResult || isSkipped || settings.consistency === 'bypass') return undefined;
    const isAbsent = !values.has(flight.key);
    const value = values.get(flight.key);
    if (isAbsent && settings.negativeTtlMs === undefined) return undefined;
    if (!isAbsent && settings.shouldStore !== undefined && !settings.shouldStore(value as never)) return undefined;
    const isNegative = value === undefined || value === null;
    // Options that the loader sets for its result come first; they do not concern a key that the loader left out.
    const ttlMs =
      (isAbsent ? undefined : overrides.ttlMs) ?? (isNegative ? settings.negativeTtlMs : undefined) ?? settings.ttlMs;
    const form = isAbsent ? { value } : this.#formOf(flight, value, overrides.tiers, settings);
    if (form === undefined) return undefined;
    return {
      flight,
      lease,
      value: form.value,
      isAbsent,
      freshMs: jittered(ttlMs, overrides.jitter ?? settings.jitter),
      graceMs: overrides.graceMs ?? settings.graceMs,
    };
  }

  /** As {@link #storedForm}, once per flight: a value that can't be stored is counted once. */
  #formOf(
    flight: Flight,
    value: unknown,
    tiers: EntryOptions['tiers'],
    settings: CallSettings,
  ): StoredForm | undefined {
    if (!this.#forms.has(flight)) this.#forms.set(flight, this.#storedForm(flight, value, tiers, settings));
    return this.#forms.get(flight);
  }

  /**
   * What the tiers keep of a value. A value that no Redis may hold stays as it is. `undefined` for one that can't be stored.
   */
  #storedForm(
    flight: Flight,
    value: unknown,
    tiers: EntryOptions['tiers'],
    settings: CallSettings,
  ): StoredForm | undefined {
    if (!settings.usesRedis || tiers === 'memory') return { value };
    try {
      const form = this.parts.forms.of(value);
      if (form === undefined) this.reject(flight, 'not-storable');
      return form;
    } catch (error) {
      if (!(error instanceof UnstorableValueError)) throw error;
      this.reject(flight, 'not-storable', error.path);
      settings.onUnstorable?.(error);
      return undefined;
    }
  }

  /**
   * Tags that only the result named had no version from before the load. Their versions are fetched now, and the log is
   * read up to now. Returns true if one of the tags was invalidated since the load began, or if the log can't tell: nothing
   * may be stored then.
   */
  async #addLateTags(leased: readonly LeasedFlight[], names: readonly string[]): Promise<boolean> {
    if (names.length === 0) return false;
    const { table, remote, follower } = this.parts;
    const late = this.namespace.tags(names);
    const sinceSequence = Math.min(...leased.map(({ flight }) => flight.snapshotSequence));
    const hasChangedSinceStart = (): boolean => late.some((tag) => table.hasChangedSince(tag.id, sinceSequence));
    if (hasChangedSinceStart()) return true;
    const isLogRead = remote !== undefined && remote.tier.canRead();
    if (isLogRead) await remote.versions.hold(late, WRITE_MS);
    for (const { flight } of leased) flight.addLateTags(table, late);
    if (!isLogRead) return false;
    if (follower !== undefined && !(await follower.catchUp())) return true;
    return hasChangedSinceStart();
  }

  async #store(pending: readonly PendingFill[], loaded: LoadedFlights): Promise<void> {
    const usesRedis = loaded.result.overrides.tiers !== 'memory';
    if (!usesRedis) this.giveBack(pending);
    const isForRedis = ({ lease }: PendingFill): boolean => usesRedis && lease !== undefined;
    await this.#storeInRedis(pending.filter(isForRedis), loaded);
    for (const fill of pending) {
      if (isForRedis(fill)) continue;
      const isStored = this.#putInMemory(fill, loaded);
      if (isStored && this.parts.remote === undefined) this.#countFill(fill.flight, 'memory', 0);
    }
  }

  async #storeInRedis(pending: readonly PendingFill[], loaded: LoadedFlights): Promise<void> {
    const sent: { pending: PendingFill; fill: Fill }[] = [];
    const unused: PendingFill[] = [];
    for (const item of pending) {
      const fill = this.#toFill(item, loaded);
      if (fill === undefined) unused.push(item);
      else sent.push({ pending: item, fill });
    }
    this.giveBack(unused);
    if (sent.length === 0) return;
    const sentAtMs = this.parts.clock.nowMs();
    const outcomes = await this.parts.remote!.tier.fill(sent.map(({ fill }) => fill));
    sent.forEach(({ pending: { flight }, fill }, i) => {
      const { kind } = outcomes[i]!;
      if (kind === 'stored') recordKept(flight.dependencies, fill.versions, sentAtMs);
      else if (kind === 'outdated') recordLost(flight.dependencies, fill.versions);
    });
    const refused = sent.filter((_, i) => outcomes[i]!.kind !== 'stored' && outcomes[i]!.kind !== 'unavailable');
    this.parts.remote!.versions.drop(refused.flatMap(({ fill }) => fill.versions.filter(({ isLone }) => isLone)));

    await Promise.all(sent.map(({ pending: item, fill }, i) => this.#settle(item, fill, outcomes[i]!, loaded)));
  }

  async #settle(pending: PendingFill, fill: Fill, outcome: FillOutcome, loaded: LoadedFlights): Promise<void> {
    switch (outcome.kind) {
      case 'stored':
        this.#countFill(pending.flight, 'redis', outcome.sizeBytes);
        if (!this.#putInMemory(pending, loaded, { sizeBytes: outcome.sizeBytes, storedAtMs: fill.header.storedAtMs }))
          // The entry in memory, if there is one, is older than the one in Redis now.
          this.parts.memory.store.delete(pending.flight.memoryKey);
        return;
      case 'unavailable':
        this.reject(pending.flight, 'redis-unavailable');
        this.#putInMemory(pending, loaded);
        return;
      case 'not-storable':
        this.reject(pending.flight, 'not-storable');
        if (loaded.settings.consistency === 'refresh') return this.#removeOld([pending]);
        return;
      case 'outdated':
        this.reject(pending.flight, 'tag-changed');
        return this.giveBack([pending]);
      case 'rejected':
        return this.reject(pending.flight, 'lease-lost');
    }
  }

  /** `undefined` if a version is unknown or a dependency has changed: such an entry would be invalid on arrival. */
  #toFill({ flight, lease, value, isAbsent, freshMs, graceMs }: PendingFill, loaded: LoadedFlights): Fill | undefined {
    const { result, settings } = loaded;
    const isKnown = flight.versions.length > 0 && !flight.versions.includes(undefined);
    if (!isKnown || this.parts.table.check(flight.snapshot) !== 'current') {
      this.reject(flight, isKnown ? 'tag-changed' : 'redis-unavailable');
      return undefined;
    }
    const redisMs = this.parts.remote!.tier.nowMs(lease!.address.partition);
    const header = {
      ...entryTimes(redisMs, freshMs, graceMs),
      loadMs: result.durationMs,
      isAbsent,
      ...versionsInHeader(this.namespace, flight.dependencies, flight.versions),
    };
    const compressAboveBytes = result.overrides.compressAboveBytes ?? settings.compressAboveBytes;
    const stored = storedVersions(flight, flight.dependencies, flight.versions, header);
    return { ...lease!, header, value, compressAboveBytes, versions: stored };
  }

  /** Returns whether the value is in memory now: not if a matching invalidation arrived since the read began. */
  #putInMemory(
    { flight, value, isAbsent, freshMs, graceMs }: PendingFill,
    { result, settings }: LoadedFlights,
    inRedis?: { readonly sizeBytes: number; readonly storedAtMs: number },
  ): boolean {
    const { fence, table, memory, clock } = this.parts;
    if (!settings.usesMemory || result.overrides.tiers === 'redis') return false;
    if (!fence.isUnchanged(flight.memoryKey, flight.fenceMark)) return false;
    if (table.check(flight.snapshot) === 'invalidated') return false;
    return memory.put(flight.memoryKey, {
      value,
      isAbsent,
      ...entryTimes(clock.nowMs(), freshMs, graceMs),
      loadMs: result.durationMs,
      snapshot: flight.snapshot,
      payloadBytes: inRedis?.sizeBytes ?? 0,
      remoteStoredAtMs: inRedis?.storedAtMs,
    });
  }

  /** A refresh says that the old value is outdated. If the new one is not stored, the old one must not stay. */
  async #removeOld(leased: readonly LeasedFlight[]): Promise<void> {
    if (leased.length === 0) return;
    const addresses = leased.map(({ flight }) => flight.address());
    await this.#invalidator.invalidateKeys(addresses, 'hard');
  }

  giveBack(leased: readonly LeasedFlight[]): void {
    const leases = leased.flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
    if (leases.length > 0) this.parts.remote!.tier.release(leases);
  }

  #countFill(flight: Flight, tier: Tier, sizeBytes: number): void {
    this.parts.counters.fills++;
    this.parts.events.emit('fill', { cache: this.namespace.name, key: flight.key, tier, sizeBytes });
  }

  reject(flight: Flight, reason: RejectReason, path?: string): void {
    this.parts.counters.fillsRejected++;
    const event = { cache: this.namespace.name, key: flight.key, reason };
    this.parts.events.emit('fillRejected', path === undefined ? event : { ...event, path });
  }
}
