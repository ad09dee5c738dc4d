import type { Clock } from '../../../../common/clock.js';
import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { TrustWindow } from '../local/trust-window.js';
import type { Namespace } from '../names/namespace.js';
import type { Outbox } from '../outage/outbox.js';
import type { PeerTombstones } from '../outage/peer-tombstones.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import { isSameHard, type Version } from '../versions/version.js';
import type { Versions } from './remote-versions.js';

/** Whether an entry may be served; `unknown`: only Redis can tell. */
export type Validity = 'fresh' | 'stale' | 'invalid' | 'unknown';

/** Decides whether an entry may be served, by comparing the versions it was stored under with the current ones. */
export class EntryValidator {
  /** Entries stored before this moment (monotonic milliseconds) are invalid until `#rejectsUntilMs`. */
  #rejectedBeforeMs = Number.NEGATIVE_INFINITY;
  #rejectsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly table: DependencyTable,
    private readonly outbox: Outbox,
    private readonly peerTombstones: PeerTombstones,
    private readonly trust: TrustWindow,
    private readonly clock: Clock,
  ) {}

  /**
   * For `forMs` milliseconds from now, entries that were stored before now are invalid. Used after a change of server: other
   * instances may still have to send the invalidations that the new server lacks.
   */
  rejectEntriesStoredBeforeNow(forMs: number): void {
    this.#rejectedBeforeMs = this.clock.nowMs();
    this.#rejectsUntilMs = this.clock.nowMs() + forMs;
  }

  /**
   * Validates by the versions that this instance knows. `unknown` if a version is missing or differs, or if the log was not
   * followed lately, so that the known versions may be old.
   */
  validateLocally(namespace: Namespace, header: EnvelopeHeader, redisMs: number, localMs: number): Validity {
    return localMs >= this.trust.untilMs ? 'unknown' : this.#validate(namespace, header, redisMs, localMs, undefined);
  }

  /**
   * Validates by versions that Redis answered, and then by the versions known here: an announcement may have overtaken the
   * answer, and an entry that goes into memory now counts as stored after that announcement.
   */
  validateAgainst(
    namespace: Namespace,
    header: EnvelopeHeader,
    redisMs: number,
    localMs: number,
    versions: Versions,
  ): Validity {
    const validity = this.#validate(namespace, header, redisMs, localMs, versions);
    return validity === 'invalid' ? validity : this.#validate(namespace, header, redisMs, localMs, undefined);
  }

  /** Generations and tags of an entry, in the order of its header. */
  dependenciesOf(namespace: Namespace, { tags }: EnvelopeHeader): readonly Dependency[] {
    if (tags.length === 0) return namespace.generations;
    return [...namespace.generations, ...tags.map(({ tag }) => this.table.getOrCreate(namespace.tagIdOf(tag)))];
  }

  #validate(
    namespace: Namespace,
    header: EnvelopeHeader,
    redisMs: number,
    localMs: number,
    versions: Versions | undefined,
  ): Validity {
    const { generations } = namespace;
    if (
      redisMs >= header.staleUntilMs ||
      header.generations.length !== generations.length ||
      this.#isRejectedByAge(header, redisMs, localMs)
    )
      return 'invalid';
    let validity: Validity = redisMs >= header.freshUntilMs ? 'stale' : 'fresh';
    for (let i = 0; i < generations.length; i++) {
      const compared = this.#compare(generations[i]!, header.generations[i]!, versions);
      if (compared === 'invalid' || compared === 'unknown') return compared;
      if (compared === 'stale') validity = 'stale';
    }
    for (const { tag, version } of header.tags) {
      const compared = this.#compare(this.table.getOrCreate(namespace.tagIdOf(tag)), version, versions);
      if (compared === 'invalid' || compared === 'unknown') return compared;
      if (compared === 'stale') validity = 'stale';
    }
    return validity;
  }

  #compare(dependency: Dependency, stored: Version, versions: Versions | undefined): Validity {
    const queued = this.outbox.modeOf(dependency.id);
    if (queued === 'hard' || this.peerTombstones.hasDependency(dependency.id)) return 'invalid';
    const current = versions === undefined ? dependency.version : versions.get(dependency.id);
    if (current === stored) return queued === 'soft' ? 'stale' : 'fresh';
    if (current !== undefined && isSameHard(current, stored)) return 'stale';
    // A version that Redis evicted is made anew without an announcement. Instances may know different ones, so they ask.
    return versions === undefined ? 'unknown' : 'invalid';
  }

  #isRejectedByAge(header: EnvelopeHeader, redisMs: number, localMs: number): boolean {
    return localMs < this.#rejectsUntilMs && header.storedAtMs < this.#rejectedBeforeMs + (redisMs - localMs);
  }
}
