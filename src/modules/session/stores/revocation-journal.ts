import type { Clock } from '../../../common/clock.js';
import type { Session } from '../session.types.js';
import type { SessionSelector } from './session-store.js';

/** With more entries the oldest are deleted. About 20 MB. */
const MAX_ENTRIES = 100_000;

/** One session, or all selected sessions except one. */
export type RevocationTarget =
  | { readonly id: string }
  | { readonly selector: SessionSelector; readonly exceptId: string | undefined };

/** A revocation this instance made. */
export interface Revocation {
  readonly target: RevocationTarget;
  /** Monotonic ms. */
  readonly atMs: number;
}

/**
 * The revocations this instance made, kept for as long as a session can live. Some are pending: Redis has not received
 * them. Redis has acknowledged the others and may lose them again (a failover to a replica that lags, a restart from an
 * old snapshot). Both kinds are repeated before Redis is used again.
 */
export class RevocationJournal {
  /** Oldest first, from `first` on. A set would be iterated over the places of all that were deleted, at each addition. */
  private entries: Revocation[] = [];
  private first = 0;
  private readonly pending = new Set<Revocation>();

  constructor(
    /** Longest life of a session. No session from before a revocation is alive after this time, so the entry is deleted. */
    private readonly lifetimeMs: number,
    private readonly clock: Clock,
  ) {}

  add(target: RevocationTarget, status: 'pending' | 'acknowledged'): void {
    this.forgetOld();
    const revocation = { target, atMs: this.clock.nowMs() };
    this.entries.push(revocation);
    if (status === 'pending') this.pending.add(revocation);
  }

  /** Notes that Redis has received it. */
  acknowledge(revocation: Revocation): void {
    this.pending.delete(revocation);
  }

  /** Oldest first: all, or those that Redis has not acknowledged. */
  list(which: 'all' | 'pending'): Revocation[] {
    return which === 'all' ? this.entries.slice(this.first) : [...this.pending];
  }

  /** Whether a pending revocation ended this session. */
  includes({ id, userId, createdAtMs }: Session): boolean {
    const ageMs = this.clock.wallMs() - createdAtMs;
    const isTarget = ({ target, atMs }: Revocation) => {
      if ('id' in target) return target.id === id;
      const { selector, exceptId } = target;
      if (id === exceptId || ageMs < this.clock.nowMs() - atMs) return false;
      return selector === 'everyone' || selector.userId === userId;
    };
    return this.list('pending').some(isTarget);
  }

  private forgetOld(): void {
    const tooOldMs = this.clock.nowMs() - this.lifetimeMs;
    const { entries } = this;
    while (this.first < entries.length) {
      const oldest = entries[this.first]!;
      if (oldest.atMs >= tooOldMs && entries.length - this.first < MAX_ENTRIES) break;
      this.pending.delete(oldest);
      this.first++;
    }
    if (this.first < 1_000 || this.first < entries.length / 2) return;
    this.entries = entries.slice(this.first);
    this.first = 0;
  }
}
