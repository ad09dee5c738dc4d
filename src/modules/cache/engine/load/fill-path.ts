import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { CacheEvents } from '../contract/events.js';
import type { Core } from '../parts/engine-parts.js';
import { splitVersions } from '../remote/entry-header.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { Flight } from '../local/flight.js';
import type { LoadResult } from './load-run.js';
import { jittered, type LoadSettings } from '../parts/call-settings.js';
import type { Leased } from './leased.js';
import type { Fill, HeldLease } from '../ports/remote-tier.js';
import type { Scope } from '../names/namespace.js';
import type { Version } from '../versions/version.js';

type RejectReason = CacheEvents['fillRejected']['reason'];

/** How long one entry is kept, in ms from now. */
interface Lifetime {
  readonly freshMs: number;
  readonly keptMs: number;
}

/** A loaded value on its way into the tiers. */
interface Filling {
  readonly flight: Flight;
  readonly lease: HeldLease | undefined;
  readonly value: unknown;
  readonly isAbsent: boolean;
  readonly lifetime: Lifetime;
}

/**
 * Stores what a loader brought, where it may be stored: in Redis while the lease is still held and no tag changed, in
 * memory when nothing matching was invalidated since the read began. Callers get their value in any case.
 */
export class FillPath {
  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
  ) {}

  async fill(leased: readonly Leased[], result: LoadResult, settings: LoadSettings, mayStore: boolean): Promise<void> {
    const lateTags = result.overrides.tags ?? [];
    const hasLateChange = lateTags.length > 0 && (await this.#addLateTags(leased, lateTags));
    const fillings: Filling[] = [];
    const unused: HeldLease[] = [];
    for (const { flight, lease } of leased) {
      const filling = this.#toFilling(flight, lease, result, settings);
      const isWanted = filling !== undefined && mayStore && !result.isSkipped && settings.consistency !== 'bypass';
      if (isWanted && !hasLateChange) fillings.push(filling);
      else {
        if (lease !== undefined) unused.push(lease);
        if (isWanted) this.#reject(flight, 'tag-changed');
      }
    }
    if (unused.length > 0) this.core.remote!.tier.release(unused);
    await this.#patiently(this.#store(fillings, result, settings));
    for (const { flight } of leased) {
      flight.succeed({ value: result.values.get(flight.key), isAbsent: !result.values.has(flight.key), hasLateChange });
    }
  }

  /** Callers have their value: they wait for it to be stored for a moment only, and storing goes on. */
  #patiently(storing: Promise<void>): Promise<void> {
    const { remote, clock } = this.core;
    if (remote === undefined) return storing;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(() => resolve(), remote.tier.patienceMs());
      storing.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #toFilling(
    flight: Flight,
    lease: HeldLease | undefined,
    result: LoadResult,
    settings: LoadSettings,
  ): Filling | undefined {
    const isAbsent = !result.values.has(flight.key);
    const value = result.values.get(flight.key);
    if (isAbsent && settings.negativeTtlMs === undefined) return undefined;
    if (!isAbsent && settings.shouldStore !== undefined && !settings.shouldStore(value as never)) return undefined;
    const isNegative = value === undefined || value === null;
    // What the loader says of its result comes first; of a key it left out it says nothing.
    const ttlMs =
      (isAbsent ? undefined : result.overrides.ttlMs) ??
      (isNegative ? settings.negativeTtlMs : undefined) ??
      settings.ttlMs;
    const freshMs = jittered(ttlMs, result.overrides.jitter ?? settings.jitter);
    return {
      flight,
      lease,
      value,
      isAbsent,
      lifetime: { freshMs, keptMs: freshMs + (result.overrides.graceMs ?? settings.graceMs) },
    };
  }

  /**
   * Tags that only the result named had no version captured before the load. They are taken now, and the log is read up
   * to now: if it says that one of them was invalidated since the load began, nothing may be stored.
   */
  async #addLateTags(leased: readonly Leased[], names: readonly string[]): Promise<boolean> {
    const { table, remote, follower } = this.core;
    const late = this.scope.tags(names);
    const sinceSequence = Math.min(...leased.map(({ flight }) => flight.captureSequence));
    const isUnseen = (): boolean => late.some((tag) => table.hasChangedSince(tag.id, sinceSequence));
    if (isUnseen()) return true;
    if (remote !== undefined && remote.tier.canRead()) {
      await remote.versions.know(late);
      for (const { flight } of leased) this.#extend(flight, late);
      if (follower !== undefined && !(await follower.catchUp())) return true;
      return isUnseen();
    }
    for (const { flight } of leased) this.#extend(flight, late);
    return false;
  }

  #extend(flight: Flight, late: readonly Dependency[]): void {
    const captured = this.core.table.capture(late);
    flight.capture = {
      dependencies: [...flight.capture.dependencies, ...late],
      hardEpochs: [...flight.capture.hardEpochs, ...captured.hardEpochs],
      softEpochs: [...flight.capture.softEpochs, ...captured.softEpochs],
    };
    flight.versions = [...flight.versions, ...late.map((tag) => tag.version)];
  }

  async #store(fillings: readonly Filling[], result: LoadResult, settings: LoadSettings): Promise<void> {
    const { remote } = this.core;
    const tiers = result.overrides.tiers;
    const leased = fillings.filter(({ lease }) => lease !== undefined);
    const fenced = tiers === 'memory' ? [] : leased;
    if (tiers === 'memory' && leased.length > 0) remote!.tier.release(leased.map(({ lease }) => lease!));
    const rest = tiers === 'memory' ? fillings : fillings.filter(({ lease }) => lease === undefined);
    const sendable: { filling: Filling; fill: Fill }[] = [];
    for (const filling of fenced) {
      const fill = this.#toFill(filling, result, settings);
      if (fill !== undefined) sendable.push({ filling, fill });
      else remote!.tier.release([filling.lease!]);
    }
    const outcomes = sendable.length > 0 ? await remote!.tier.fill(sendable.map(({ fill }) => fill)) : [];
    sendable.forEach(({ filling, fill }, i) => {
      const outcome = outcomes[i]!;
      if (outcome.kind === 'stored') {
        this.#countFill(filling.flight, 'redis', outcome.sizeBytes);
        this.#putInMemory(filling, result, settings, outcome.sizeBytes, fill.header.storedAtMs);
      } else if (outcome.kind === 'rejected') this.#reject(filling.flight, 'lease-lost');
      else if (outcome.kind === 'not-storable') this.#reject(filling.flight, 'not-storable');
      else if (outcome.kind === 'unavailable') {
        this.#reject(filling.flight, 'redis-unavailable');
        this.#putInMemory(filling, result, settings);
      }
    });
    for (const filling of rest) {
      if (this.#putInMemory(filling, result, settings) && remote === undefined)
        this.#countFill(filling.flight, 'memory', 0);
    }
  }

  /** `undefined` when a version is unknown or what it depends on changed: such an entry would be invalid on arrival. */
  #toFill(filling: Filling, result: LoadResult, settings: LoadSettings): Fill | undefined {
    const { flight, lifetime } = filling;
    const isKnown = flight.versions.length > 0 && !flight.versions.includes(undefined);
    if (!isKnown || this.core.table.check(flight.capture) !== 'current') {
      this.#reject(flight, isKnown ? 'tag-changed' : 'redis-unavailable');
      return undefined;
    }
    const nowMs = this.core.remote!.tier.nowMs(filling.lease!.address.partition);
    const header: EnvelopeHeader = {
      storedAtMs: nowMs,
      freshUntilMs: nowMs + lifetime.freshMs,
      staleUntilMs: nowMs + lifetime.keptMs,
      loadMs: result.durationMs,
      isAbsent: filling.isAbsent,
      ...splitVersions(this.scope, flight.capture.dependencies, flight.versions as readonly Version[]),
    };
    const compressAboveBytes = result.overrides.compressAboveBytes ?? settings.compressAboveBytes;
    return { ...filling.lease!, header, value: filling.value, compressAboveBytes };
  }

  /** Whether it went in: not when something matching was invalidated since the read began. */
  #putInMemory(
    filling: Filling,
    result: LoadResult,
    settings: LoadSettings,
    payloadBytes = 0,
    remoteStoredAtMs?: number,
  ): boolean {
    const { flight, lifetime } = filling;
    const { core } = this;
    if (
      !settings.usesMemory ||
      result.overrides.tiers === 'redis' ||
      !core.fence.isUnchanged(flight.memoryKey, flight.fenceMark)
    )
      return false;
    if (core.table.check(flight.capture) === 'invalidated') return false;
    const nowMs = core.clock.nowMs();
    core.memory.put(flight.memoryKey, {
      value: filling.value,
      isAbsent: filling.isAbsent,
      storedAtMs: nowMs,
      freshUntilMs: nowMs + lifetime.freshMs,
      staleUntilMs: nowMs + lifetime.keptMs,
      loadMs: result.durationMs,
      capture: flight.capture,
      payloadBytes,
      remoteStoredAtMs,
    });
    return true;
  }

  #countFill(flight: Flight, tier: 'memory' | 'redis', sizeBytes: number): void {
    this.core.counters.fills++;
    this.core.events.emit('fill', { cache: this.scope.name, key: flight.key, tier, sizeBytes });
  }

  #reject(flight: Flight, reason: RejectReason): void {
    this.core.counters.fillsRejected++;
    this.core.events.emit('fillRejected', { cache: this.scope.name, key: flight.key, reason });
  }
}
