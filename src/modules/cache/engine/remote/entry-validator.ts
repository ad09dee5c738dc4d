import type { Clock } from '../../../../common/clock.js';
import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { TrustSource } from '../local/memory-level.js';
import type { Outbox } from '../outage/outbox.js';
import type { Versions } from './remote-versions.js';
import type { Scope } from '../names/namespace.js';
import type { Suppressed } from '../outage/peer-tombstones.js';
import { isSameHard, type Version } from '../versions/version.js';

/** Whether an entry may be served; `unknown`: only Redis can tell. */
export type Verdict = 'fresh' | 'stale' | 'invalid' | 'unknown';

/** Decides whether an entry may be served, by comparing the versions it was stored under with those that are current. */
export class Judge {
  /** Entries stored before this moment (monotonic ms) are misses until `#distrustUntilMs`: after a change of server, other instances may still have to send what it lost. */
  #distrustBeforeMs = Number.NEGATIVE_INFINITY;
  #distrustUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly table: DependencyTable,
    private readonly outbox: Outbox,
    private readonly suppressed: Suppressed,
    private readonly log: { readonly trust: TrustSource },
    private readonly clock: Clock,
  ) {}

  /** Entries from before now are misses for a while. */
  distrustPast(forMs: number): void {
    this.#distrustBeforeMs = this.clock.nowMs();
    this.#distrustUntilMs = this.clock.nowMs() + forMs;
  }

  /** By what is known here; `unknown` when that is not enough, or may be old because the log was not followed lately. */
  byKnown(scope: Scope, header: EnvelopeHeader, redisMs: number, localMs: number): Verdict {
    return localMs >= this.log.trust.trustedUntilMs
      ? 'unknown'
      : this.#judge(scope, header, redisMs, localMs, undefined);
  }

  /**
   * By what Redis answered, and by what is known here after it: an announcement may have overtaken the answer, and what
   * goes into memory now counts as stored after it.
   */
  byAnswer(scope: Scope, header: EnvelopeHeader, redisMs: number, localMs: number, versions: Versions): Verdict {
    const verdict = this.#judge(scope, header, redisMs, localMs, versions);
    return verdict === 'invalid' ? verdict : this.#judge(scope, header, redisMs, localMs, undefined);
  }

  /** What an entry depends on. */
  dependenciesOf(scope: Scope, { tags }: EnvelopeHeader): readonly Dependency[] {
    if (tags.length === 0) return scope.generations;
    return [...scope.generations, ...tags.map(({ tag }) => this.table.of(scope.tagIdOf(tag)))];
  }

  #judge(
    scope: Scope,
    header: EnvelopeHeader,
    redisMs: number,
    localMs: number,
    versions: Versions | undefined,
  ): Verdict {
    const { generations } = scope;
    if (
      redisMs >= header.staleUntilMs ||
      header.generations.length !== generations.length ||
      this.#isDistrusted(header, redisMs, localMs)
    )
      return 'invalid';
    let verdict: Verdict = redisMs >= header.freshUntilMs ? 'stale' : 'fresh';
    for (let i = 0; i < generations.length; i++) {
      const found = this.#compare(generations[i]!, header.generations[i]!, versions);
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

  #isDistrusted(header: EnvelopeHeader, redisMs: number, localMs: number): boolean {
    return localMs < this.#distrustUntilMs && header.storedAtMs < this.#distrustBeforeMs + (redisMs - localMs);
  }
}
