import type { Clock } from '../../../common/clock.js';
import type { EnvelopeHeader, Slot } from '../codec/envelope.types.js';
import type { EntryView } from './cache.js';
import type { Capture, Dependency, DependencyTable } from './dependency-table.js';
import type { EventBus } from './event-bus.js';
import type { KeyFence } from './fence.js';
import type { MemoryLevel } from './memory-level.js';
import type { Outbox } from './outbox.js';
import type { RemoteTier, SlotAddress } from './remote-tier.js';
import type { Scope } from './scope.js';
import { isSameHard } from './version.js';

/** An entry read from Redis whose value may be served: fresh, or stale within its grace. */
export interface Found {
  readonly view: EntryView<unknown>;
  readonly isAbsent: boolean;
  readonly capture: Capture;
  readonly loadMs: number;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
  readonly storedAtMs: number;
}

/** What a slot holds for a reader of this scope. */
export interface Examined {
  readonly found: Found | undefined;
  /** Stored-at of an entry that is there, valid or not, in Redis time: names it to the lease script. */
  readonly seenStoredAtMs: number | undefined;
}

const NOTHING: Examined = { found: undefined, seenStoredAtMs: undefined };

type Verdict = 'fresh' | 'stale' | 'invalid' | 'unknown';

/**
 * Redis as the engine uses it: reads slots and decides whether what they hold may be served, by comparing the versions
 * an entry was stored under with those that are current.
 */
export class RemoteLevel {
  /** Entries stored before this moment (Redis time) are misses until `#distrustUntilMs`: after a change of server, other instances may still have to send what it lost. */
  #distrustBeforeMs = Number.NEGATIVE_INFINITY;
  #distrustUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly tier: RemoteTier,
    private readonly table: DependencyTable,
    private readonly fence: KeyFence,
    private readonly outbox: Outbox,
    private readonly memory: MemoryLevel,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** Entries from before now are misses for a while. */
  distrustPast(forMs: number): void {
    this.#distrustBeforeMs = this.tier.nowMs();
    this.#distrustUntilMs = this.clock.nowMs() + forMs;
  }

  /** Whether Redis may be asked about a key: not while an invalidation of it waits to be sent. */
  mayRead(memoryKey: string): boolean {
    return this.tier.canRead() && !this.outbox.hasKey(memoryKey);
  }

  /** One slot. `undefined`: Redis did not answer. */
  async examine(scope: Scope, key: string, address: SlotAddress, isStrict: boolean): Promise<Examined | undefined> {
    const slot = await this.tier.read(address);
    if (slot === undefined) return undefined;
    const mustAsk = isStrict || this.#isBehind();
    const verdict = mustAsk ? 'unknown' : this.#judge(scope, slot);
    if (verdict !== 'unknown') return this.#toExamined(scope, key, slot, verdict);
    const [examined] = await this.#examineWithVersions(scope, [key], [slot], mustAsk);
    return examined;
  }

  /** Many slots at once, in order. */
  async examineMany(scope: Scope, keys: readonly string[], addresses: readonly SlotAddress[], isStrict: boolean): Promise<Examined[] | undefined> {
    const slots = await this.tier.readMany(addresses);
    return slots === undefined ? undefined : this.#examineAll(scope, keys, slots, isStrict);
  }

  /** A slot that a script answered. */
  async examineSlot(scope: Scope, key: string, slot: Slot): Promise<Examined> {
    const [examined] = await this.#examineAll(scope, [key], [slot], false);
    return examined!;
  }

  /** Puts what was found into memory, unless the key was invalidated since the read began. */
  promote(memoryKey: string, found: Found, fenceMark: number): void {
    if (!this.fence.isUnchanged(memoryKey, fenceMark)) return;
    if (this.table.check(found.capture) === 'invalidated') return;
    this.memory.put(memoryKey, {
      value: found.view.value,
      isAbsent: found.isAbsent,
      storedAtMs: this.clock.nowMs(),
      freshUntilMs: found.freshUntilMs,
      staleUntilMs: found.staleUntilMs,
      loadMs: found.loadMs,
      capture: found.capture,
      payloadBytes: found.view.sizeBytes,
    });
  }

  /**
   * Makes the versions of these dependencies known. `false`: one could not be had, so an entry that depends on it can
   * neither be judged nor stored in Redis.
   */
  async know(dependencies: readonly Dependency[]): Promise<boolean> {
    const unknown = dependencies.filter((dependency) => dependency.version === undefined);
    if (unknown.length === 0) return true;
    await this.#fetch(unknown);
    return dependencies.every((dependency) => dependency.version !== undefined);
  }

  async #examineAll(scope: Scope, keys: readonly string[], slots: ReadonlyArray<Slot | 'empty'>, isStrict: boolean): Promise<Examined[]> {
    const mustAsk = isStrict || this.#isBehind();
    const verdicts = slots.map((slot) => (mustAsk ? 'unknown' : this.#judge(scope, slot)));
    if (verdicts.includes('unknown')) return this.#examineWithVersions(scope, keys, slots, mustAsk);
    return slots.map((slot, i) => this.#toExamined(scope, keys[i]!, slot, verdicts[i]!));
  }

  /** The log was not followed lately: what is known of versions may be old. */
  #isBehind(): boolean {
    return this.clock.nowMs() >= this.memory.trust.trustedUntilMs;
  }

  /** Fetches versions that are not known (or all) and judges again. */
  async #examineWithVersions(scope: Scope, keys: readonly string[], slots: ReadonlyArray<Slot | 'empty'>, isAll: boolean): Promise<Examined[]> {
    const wanted = new Set<Dependency>();
    for (const slot of slots) {
      if (typeof slot === 'string' || slot.kind !== 'entry') continue;
      for (const dependency of this.#dependenciesOf(scope, slot.header)) if (isAll || dependency.version === undefined) wanted.add(dependency);
    }
    const fetched = wanted.size === 0 ? new Map<string, string | undefined>() : await this.#fetch([...wanted]);
    return slots.map((slot, i) => {
      const verdict = this.#judge(scope, slot, isAll ? fetched : undefined);
      return this.#toExamined(scope, keys[i]!, slot, verdict === 'unknown' ? 'invalid' : verdict);
    });
  }

  /** Asks Redis for versions and remembers those that nothing changed meanwhile. */
  async #fetch(dependencies: readonly Dependency[]): Promise<Map<string, string | undefined>> {
    const before = this.table.capture(dependencies);
    const versions = await this.tier.versions(dependencies.map((dependency) => dependency.id));
    const byId = new Map<string, string | undefined>();
    dependencies.forEach((dependency, i) => {
      const version = versions?.[i];
      byId.set(dependency.id, version);
      if (version !== undefined) this.table.learn(dependency, version, before.hardEpochs[i]!, before.softEpochs[i]!);
    });
    return byId;
  }

  #judge(scope: Scope, slot: Slot | 'empty', asRead?: ReadonlyMap<string, string | undefined>): Verdict {
    if (typeof slot === 'string' || slot.kind !== 'entry') return 'invalid';
    const { header } = slot;
    if (this.#isDistrusted(header.storedAtMs)) return 'invalid';
    const nowMs = this.tier.nowMs();
    if (nowMs >= header.staleUntilMs || header.generations.length !== scope.generations.length) return 'invalid';
    let verdict: Verdict = nowMs >= header.freshUntilMs ? 'stale' : 'fresh';
    for (let i = 0; i < header.generations.length; i++) {
      const found = this.#compare(scope.generations[i]!, header.generations[i]!, asRead);
      if (found === 'invalid' || found === 'unknown') return found;
      if (found === 'stale') verdict = 'stale';
    }
    for (const { tag, version } of header.tags) {
      const found = this.#compare(this.table.of(scope.tagIdOf(tag)), version, asRead);
      if (found === 'invalid' || found === 'unknown') return found;
      if (found === 'stale') verdict = 'stale';
    }
    return verdict;
  }

  #compare(dependency: Dependency, stored: string, asRead: ReadonlyMap<string, string | undefined> | undefined): Verdict {
    const queued = this.outbox.modeOf(dependency.id);
    if (queued === 'hard') return 'invalid';
    const current = asRead === undefined ? dependency.version : asRead.get(dependency.id);
    if (current === stored) return queued === 'soft' ? 'stale' : 'fresh';
    if (current === undefined) return asRead === undefined ? 'unknown' : 'invalid';
    return isSameHard(current, stored) ? 'stale' : 'invalid';
  }

  #isDistrusted(storedAtMs: number): boolean {
    return storedAtMs < this.#distrustBeforeMs && this.clock.nowMs() < this.#distrustUntilMs;
  }

  #dependenciesOf(scope: Scope, header: EnvelopeHeader): Dependency[] {
    const dependencies = [...scope.generations];
    for (const { tag } of header.tags) dependencies.push(this.table.of(scope.tagIdOf(tag)));
    return dependencies;
  }

  #toExamined(scope: Scope, key: string, slot: Slot | 'empty', verdict: Verdict): Examined {
    if (typeof slot === 'string') return NOTHING;
    if (slot.kind === 'unreadable') this.events.emit('unreadable', { cache: scope.name, key, reason: slot.reason });
    if (slot.kind !== 'entry') return NOTHING;
    const { header } = slot;
    if (verdict === 'invalid') return { found: undefined, seenStoredAtMs: header.storedAtMs };
    let value: unknown;
    try {
      value = header.isAbsent ? undefined : slot.value();
    } catch (error) {
      this.events.emit('unreadable', { cache: scope.name, key, reason: (error as { reason?: string }).reason ?? 'payload' });
      return { found: undefined, seenStoredAtMs: header.storedAtMs };
    }
    const redisNowMs = this.tier.nowMs();
    const toLocalMs = this.clock.nowMs() - redisNowMs;
    return {
      seenStoredAtMs: header.storedAtMs,
      found: {
        view: {
          value,
          tier: 'redis',
          ageMs: Math.max(0, redisNowMs - header.storedAtMs),
          ttlMs: header.freshUntilMs - redisNowMs,
          isStale: verdict === 'stale',
          sizeBytes: slot.sizeBytes,
        },
        isAbsent: header.isAbsent,
        capture: header.tags.length === 0 ? this.table.capture(scope.generations) : this.table.capture(this.#dependenciesOf(scope, header)),
        loadMs: header.loadMs,
        freshUntilMs: verdict === 'stale' ? Number.NEGATIVE_INFINITY : header.freshUntilMs + toLocalMs,
        staleUntilMs: header.staleUntilMs + toLocalMs,
        storedAtMs: header.storedAtMs + toLocalMs,
      },
    };
  }
}
