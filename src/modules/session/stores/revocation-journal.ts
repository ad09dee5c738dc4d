import type { Clock } from '../../../common/clock.js';
import type { Session } from '../session.types.js';
import type { SessionScope } from './session-store.js';

/** Past this the oldest are forgotten. About 20 MB. */
const MAX_ENTRIES = 100_000;

/** What was revoked: one session, or all of a scope but one. */
export type RevocationTarget =
  | { readonly id: string }
  | { readonly scope: SessionScope; readonly exceptId: string | undefined };

/** A revocation this instance made. */
export interface Revocation {
  readonly target: RevocationTarget;
  /** Monotonic ms. */
  readonly atMs: number;
  /** Whether Redis has it. */
  isAcknowledged: boolean;
}

/**
 * The revocations this instance made, for as long as a session lives: those Redis could not be told yet, and those it was
 * told and may forget (a failover to a replica that lags, a restart from an old snapshot). Both are told again before
 * Redis is trusted.
 */
export class RevocationJournal {
  private readonly entries = new Set<Revocation>();

  constructor(
    /** No session of before lives after this, so what revoked it may be forgotten. */
    private readonly keptMs: number,
    private readonly clock: Clock,
  ) {}

  /** Notes a revocation. */
  add(target: RevocationTarget, isAcknowledged: boolean): void {
    this.forgetOld();
    this.entries.add({ target, atMs: this.clock.nowMs(), isAcknowledged });
  }

  /** In the order they were made: all, or those Redis has not acknowledged. */
  list(isAll: boolean): Revocation[] {
    return [...this.entries].filter(({ isAcknowledged }) => isAll || !isAcknowledged);
  }

  /** Whether something that Redis does not know yet revoked this session. */
  covers({ id, userId, createdAtMs }: Session): boolean {
    const ageMs = this.clock.wallMs() - createdAtMs;
    const isCovered = ({ target, atMs }: Revocation) => {
      if ('id' in target) return target.id === id;
      const { scope, exceptId } = target;
      if (id === exceptId || ageMs < this.clock.nowMs() - atMs) return false;
      return scope === 'everyone' || scope.userId === userId;
    };
    return this.list(false).some(isCovered);
  }

  private forgetOld(): void {
    const tooOldMs = this.clock.nowMs() - this.keptMs;
    for (const entry of this.entries) {
      if (entry.atMs >= tooOldMs && this.entries.size < MAX_ENTRIES) return;
      this.entries.delete(entry);
    }
  }
}
