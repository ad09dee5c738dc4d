import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { freshRandomBytes } from '../../../../common/random-bytes.js';
import type { Lease, LeaseMode, LeaseRequest, RemoteTier } from '../ports/remote-tier.js';
import { type LeaseAnswer, LeaseRequests } from './lease-requests.js';

const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 30_000;
const DEFAULT_MAX_RENEWAL_MS = 60_000;
/** How often held leases are looked at. */
const TICK_MS = 250;
/** A script for many keys takes its time in Redis and in the parser. */
const TIMEOUT_MS_PER_KEY = 0.2;
/** A process with many loads under way is busy with them, and so is Redis: for each of them an answer may take so much longer. */
const TIMEOUT_MS_PER_LOAD = 0.1;
const LEASE_MS_PER_LOAD = 0.3;
/** 96 bits, and 16 characters in base64url: commands that are all ASCII are sent without being encoded. */
const TOKEN_BYTES = 12;

/** Leases of one load. */
interface HeldLeases {
  readonly leases: readonly Lease[];
  /** They are not renewed after this: a loader may never return. */
  readonly untilMs: number;
  renewAtMs: number;
}

/**
 * Asks for leases, decides how long they last, and renews them, so that only an instance that stopped loses its leases.
 *
 * A lease lasts four times as long as recent loads took, and four times as long as the event loop was late lately, and longer
 * while many loads are under way: a process that is busy with many loads can't renew in time. One timer looks after all leases,
 * and one script renews those that are due.
 */
export class Leases {
  readonly #requests: LeaseRequests;
  readonly #held = new Set<HeldLeases>();
  #timer: TimerHandle | undefined;
  /** Moving average of load durations, milliseconds. */
  #averageMs = 500;
  /** How late the event loop lately was, milliseconds: the worst, forgotten slowly. */
  #loopDelayMs = 0;
  /** Loads under way lately: the most, forgotten slowly. The last loads of a burst wait for an instance that is as busy as before. */
  #burstLoads = 0;

  constructor(
    private readonly tier: RemoteTier,
    private readonly clock: Clock,
    /** Number of loads under way on this instance. */
    private readonly loadsUnderWay: () => number = () => 0,
  ) {
    this.#requests = new LeaseRequests(
      tier,
      () => this.leaseMs,
      (count) => this.#timeoutMs(count),
    );
  }

  /** Length of the next lease, milliseconds: 1,000 to 30,000. */
  get leaseMs(): number {
    const neededMs = Math.max(4 * this.#averageMs, 4 * this.#loopDelayMs, this.#burst() * LEASE_MS_PER_LOAD);
    return Math.min(MAX_LEASE_MS, Math.max(MIN_LEASE_MS, Math.ceil(neededMs)));
  }

  /** How long a request for so many leases may take at least, milliseconds. */
  #timeoutMs(count: number): number {
    const forKeysMs = count > 1 ? count * TIMEOUT_MS_PER_KEY : 0;
    return Math.max(forKeysMs, this.#loopDelayMs, this.#burst() * TIMEOUT_MS_PER_LOAD);
  }

  #burst(): number {
    return (this.#burstLoads = Math.max(this.#burstLoads, this.loadsUnderWay()));
  }

  /** Takes the duration of a load into account. */
  observe(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) / 8;
  }

  /** Random per fill: a token that came back would let an old fill pass. */
  newToken(): string {
    return freshRandomBytes(TOKEN_BYTES).toString('base64url');
  }

  /** Asks for leases. Answers in the order of `requests`; a lease that is granted is to be held or given back. */
  async request(requests: readonly LeaseRequest[], mode: LeaseMode, minTimeoutMs = 0): Promise<readonly LeaseAnswer[]> {
    const answers = await this.#requests.send(requests, mode, minTimeoutMs);
    // The script may have run, or may still run: an unused lease would keep other instances waiting.
    const lost = requests.filter((_, i) => answers[i] === undefined);
    if (lost.length > 0) this.tier.release(lost);
    return answers;
  }

  /** Renews leases until the returned function is called, or for `maxMs` (default one minute). */
  hold(leases: readonly Lease[], maxMs = DEFAULT_MAX_RENEWAL_MS): () => void {
    if (leases.length === 0) return () => undefined;
    const nowMs = this.clock.nowMs();
    const held = { leases, untilMs: nowMs + maxMs, renewAtMs: nowMs + MIN_LEASE_MS / 3 };
    this.#held.add(held);
    if (this.#timer === undefined) this.#schedule(nowMs + TICK_MS);
    return () => this.#held.delete(held);
  }

  #schedule(dueMs: number): void {
    this.#timer = this.clock.setTimer(() => this.#tick(dueMs), dueMs - this.clock.nowMs());
  }

  #tick(dueMs: number): void {
    this.#timer = undefined;
    const nowMs = this.clock.nowMs();
    this.#loopDelayMs = Math.max(nowMs - dueMs, 0.9 * this.#loopDelayMs);
    this.#burstLoads *= 0.95;
    const { leaseMs } = this;
    const due: Lease[] = [];
    for (const held of this.#held) {
      if (nowMs >= held.untilMs) this.#held.delete(held);
      else if (nowMs >= held.renewAtMs) {
        due.push(...held.leases);
        held.renewAtMs = nowMs + leaseMs / 3;
      }
    }
    if (due.length > 0) this.tier.renew(due, leaseMs);
    if (this.#held.size > 0) this.#schedule(nowMs + TICK_MS);
    else this.#burstLoads = 0;
  }
}
