import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { compareLogIds, LOG_START, type LogId } from '../versions/log-id.js';
import type { InvalidationLog, LogEntry } from '../ports/invalidation-log.js';
import type { CoherenceTarget, FlushReason } from './coherence-target.js';
import type { HeardLog } from './heard-log.js';
import type { TrustWindow } from '../local/trust-window.js';

const READ_LIMIT = 1_000;
/** Interval between two heartbeats at rest: they find a dead connection and keep the record of the layout from lapsing. */
const REST_BEAT_MS = 300_000;
/** Redis's time is known to within half a round trip, and round trips are given up after 500 ms. */
const CLOCK_ERROR_MS = 300;

/** How the log is followed; see `CoherenceOptions`. */
export interface FollowerOptions {
  readonly heartbeatMs: number;
  readonly unconfirmedMs: number;
  /** Counts the reads of the cache: while it does not change, the heartbeat rests. */
  readonly reads: () => number;
  /** How long a read waits for the end of a rest, milliseconds. */
  readonly confirmLimitMs: () => number;
  /** Called when the log can be followed again, and when it can't be any more. */
  readonly onCoherence: (isCoherent: boolean, reason: string) => void;
  /** Called with the number of entries that were read from the log after their announcements were missed. */
  readonly onReplayed: (count: number) => void;
}

/**
 * Follows the invalidation log, so that this instance's memory tier hears of every invalidation.
 *
 * Invariant: before `trust.untilMs`, every entry of the log is applied here or younger than two heartbeats and the
 * unconfirmed time. The steps that keep it:
 *
 * 1. An announcement whose predecessor is the position reached is applied, and the position moves: the normal case, one hop.
 * 2. Any other announcement is applied too, and the entries between are read from the log ({@link catchUp}).
 * 3. Every heartbeat compares the end of the log with the position reached. A bus that lost messages, or died unnoticed,
 *    delays an invalidation by one heartbeat.
 * 4. A log that no longer holds the position reached was trimmed, lost or rolled back. Memory is emptied, and the entries that
 *    Redis lost are written to it again; if they are unknown, everything is cleared (`#resynchronise`).
 *
 * The heartbeat rests while nothing is read (`docs/decisions/0013-a-heartbeat-that-rests.md`). A beat that is due, with no read
 * since the one before, is left out, and the trust window ends there: memory serves nothing until {@link confirm} has read the
 * log. So what memory serves was compared with the log within the last heartbeat, as without a rest. If the log can't be read
 * then, the window is what it would have been after the last good look.
 *
 * Gap detection by a predecessor id in every message follows Skybridge (Lyerly et al., OSDI 2025); re-sending after a change
 * of server is this project's own (docs/consistency.md).
 */
export class LogFollower {
  /** Monotonic milliseconds of this process's clock. */
  readonly #madeAtMs: number;
  #timer: TimerHandle | undefined;
  #reading: Promise<boolean> | undefined;
  #nextReading: Promise<boolean> | undefined;
  /** A clear of everything, shared by all partitions in which one reading finds lost entries. */
  #clearing: Promise<void> | undefined;
  #isStopped = false;
  #reported = '';
  /** Whether the last look at the log succeeded. */
  #isFollowed = false;
  /** When the last good look at the log was asked for, monotonic milliseconds. */
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #readsAtBeat = -1;
  #restEnd: Promise<void> | undefined;
  #isRestEnding = false;

  constructor(
    private readonly log: InvalidationLog,
    private readonly heard: HeardLog,
    private readonly target: CoherenceTarget,
    private readonly trust: TrustWindow,
    private readonly clock: Clock,
    private readonly options: FollowerOptions,
  ) {
    this.#madeAtMs = clock.nowMs();
  }

  get isCoherent(): boolean {
    if (this.refusal !== undefined) return false;
    return this.trust.isResting || this.clock.nowMs() < this.trust.untilMs;
  }

  /** Why Redis may not be used although it answers; `undefined` while it may. */
  get refusal(): string | undefined {
    return this.log.refusal;
  }

  /** Whether {@link confirm} must run before memory serves again. */
  get isResting(): boolean {
    return this.trust.isResting;
  }

  start(): void {
    void this.#beat();
  }

  stop(): void {
    this.#isStopped = true;
    this.trust.isResting = false;
    this.#timer?.cancel();
  }

  /** Takes an entry that was announced. Applying an invalidation twice, or early, costs at most misses. */
  receive(partition: number, entry: LogEntry): void {
    if (!this.heard.has(partition)) return;
    // Compared by id and not by order: a forged entry must not make the entries after it look old.
    if (!this.heard.hasEntry(partition, entry.id)) this.target.apply(entry);
    const position = this.heard.positionOf(partition);
    if (position === undefined) return;
    if (entry.previous === position) this.heard.advance(partition, entry);
    else if (compareLogIds(entry.id, position) > 0) void this.catchUp();
  }

  /**
   * Reads the entries that were missed. Resolves to whether every entry that was in the log at the call is applied now. One
   * reading runs at a time; calls made meanwhile share the next one.
   */
  catchUp(): Promise<boolean> {
    if (this.#isStopped) return Promise.resolve(false);
    if (this.#reading === undefined) {
      return (this.#reading = this.#readAll().finally(() => {
        this.#reading = undefined;
      }));
    }
    return (this.#nextReading ??= this.#reading.then(() => {
      this.#nextReading = undefined;
      return this.catchUp();
    }));
  }

  /** Ends a rest: reads the log, so that memory may serve again. Resolves when that is done, or has taken as long as a read may. */
  confirm(): Promise<unknown> {
    if (!this.trust.isResting) return Promise.resolve();
    this.#restEnd ??= this.#endRest().finally(() => (this.#restEnd = undefined));
    if (this.trust.opening !== undefined) return this.trust.opening;
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const timer = this.clock.setTimer(resolve, this.options.confirmLimitMs());
    return (this.trust.opening = Promise.race([this.#restEnd, isOver]).finally(() => {
      timer.cancel();
      this.trust.opening = undefined;
    }));
  }

  async #endRest(): Promise<void> {
    this.#timer?.cancel();
    this.#isRestEnding = true;
    await this.catchUp();
    this.#leaveRest();
    // The read that waits for this is no reason for another beat.
    this.#readsAtBeat = this.options.reads() + 1;
    this.#schedule();
  }

  async #beat(): Promise<void> {
    this.#readsAtBeat = this.options.reads();
    await this.catchUp();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.clock.setTimer(() => this.#beatOrRest(), this.options.heartbeatMs);
  }

  #beatOrRest(): void {
    const wasRead = this.options.reads() !== this.#readsAtBeat;
    if (wasRead || !this.#isFollowed) return void this.#beat();
    this.trust.isResting = true;
    this.trust.untilMs = Number.NEGATIVE_INFINITY;
    this.#scheduleRestBeat();
  }

  #scheduleRestBeat(): void {
    // On one grid for all engines of the process, whose beats then become one command.
    const untilNextMs = REST_BEAT_MS - (this.clock.nowMs() % REST_BEAT_MS);
    this.#timer = this.clock.setTimer(() => void this.#restBeat(), Math.max(1, Math.ceil(untilNextMs)));
  }

  async #restBeat(): Promise<void> {
    const isFollowed = await this.catchUp();
    if (this.#isStopped || !this.trust.isResting || this.#isRestEnding) return;
    if (isFollowed) return this.#scheduleRestBeat();
    this.#leaveRest();
    this.#schedule();
  }

  #leaveRest(): void {
    this.#isRestEnding = false;
    this.trust.isResting = false;
    this.trust.untilMs = this.#trustedUntilMs();
    this.#report(this.isCoherent);
  }

  #trustedUntilMs(): number {
    return this.#confirmedAtMs + 2 * this.options.heartbeatMs + this.options.unconfirmedMs;
  }

  async #readAll(): Promise<boolean> {
    const askedAtMs = this.clock.nowMs();
    const isFollowed = await this.#follow().catch(() => false);
    this.#isFollowed = isFollowed;
    if (isFollowed) {
      this.#confirmedAtMs = askedAtMs;
      if (!this.trust.isResting) this.trust.untilMs = this.#trustedUntilMs();
    }
    this.#report(isFollowed);
    return isFollowed;
  }

  async #follow(): Promise<boolean> {
    this.#clearing = undefined;
    const isUse = !this.trust.isResting || this.#isRestEnding;
    const tails = await this.log.tails(isUse);
    if (tails === undefined) return false;
    const results = await Promise.all(tails.map((tail, partition) => this.#followPartition(partition, tail)));
    return results.every(Boolean);
  }

  async #followPartition(partition: number, tail: LogId): Promise<boolean> {
    const position = this.heard.positionOf(partition);
    if (position === undefined) return this.#start(partition, tail);
    if (compareLogIds(tail, position) <= 0) return tail === position || (await this.#isAhead(partition, tail));
    return this.#replay(partition);
  }

  /**
   * The first heartbeat. The log entries since this instance was made are applied, so that everything it holds was compared with
   * them. If the log does not reach back so far, nothing that the instance holds may stay.
   */
  async #start(partition: number, tail: LogId): Promise<boolean> {
    const ageMs = this.clock.nowMs() - this.#madeAtMs;
    const madeAt: LogId = `${Math.max(0, Math.floor(this.log.nowMs(partition) - ageMs - CLOCK_ERROR_MS))}-0`;
    const hasNewer = compareLogIds(tail, madeAt) > 0;
    const entries = hasNewer ? await this.log.readAfter(partition, madeAt, READ_LIMIT) : [];
    if (entries === undefined) return false;
    const first = entries[0];
    const isComplete =
      first === undefined ? !hasNewer : entries.length < READ_LIMIT && compareLogIds(first.previous, madeAt) <= 0;
    if (!isComplete) return this.#startFrom(partition, tail, 'log-lost');
    for (const entry of entries) this.target.apply(entry);
    return this.#startFrom(partition, tail, undefined);
  }

  /** An announcement may overtake the answer that named the tail: then the log holds the position itself. */
  async #isAhead(partition: number, tail: LogId): Promise<boolean> {
    const position = this.heard.positionOf(partition)!;
    const after = await this.log.readAfter(partition, tail, READ_LIMIT);
    if (after === undefined) return false;
    return after.some((entry) => entry.id === position) || this.#resynchronise(partition);
  }

  async #replay(partition: number): Promise<boolean> {
    for (;;) {
      const position = this.heard.positionOf(partition)!;
      const entries = await this.log.readAfter(partition, position, READ_LIMIT);
      if (entries === undefined) return false;
      let replayed = 0;
      for (const entry of entries) {
        // Announcements arrived while the log was read.
        if (compareLogIds(entry.id, this.heard.positionOf(partition)!) <= 0) continue;
        if (entry.previous !== this.heard.positionOf(partition)) return this.#resynchronise(partition);
        this.target.apply(entry);
        this.heard.advance(partition, entry);
        replayed++;
      }
      if (replayed > 0) this.options.onReplayed(replayed);
      if (entries.length < READ_LIMIT) return true;
    }
  }

  /** The log does not hold the position that this instance had reached. */
  async #resynchronise(partition: number): Promise<boolean> {
    const reached = this.heard.positionOf(partition)!;
    const entries = await this.#readWhole(partition);
    if (entries === undefined) return false;
    const lost = this.heard.lostFrom(partition, new Set(entries.map((entry) => entry.id)), reached);
    // A log of large entries is trimmed early; a log that was lost begins anew, without an entry before its first.
    const first = entries[0];
    const isShortened = entries.length >= this.log.length || first?.previous !== LOG_START;
    const isTrimmed = first !== undefined && isShortened && compareLogIds(first.id, reached) > 0;
    const wasReset = entries.some((entry) => entry.body.isReset && compareLogIds(entry.id, reached) > 0);
    let last = entries.at(-1)?.id ?? LOG_START;
    if (lost !== undefined && lost.length > 0) await this.target.reissue(lost);
    else if (lost === undefined && !isTrimmed && !wasReset) {
      const reset = await this.#reset(partition);
      if (reset === undefined) return false;
      last = reset;
    }
    this.heard.replace(partition, entries);
    return this.#startFrom(
      partition,
      last,
      lost === undefined ? (isTrimmed ? 'log-trimmed' : 'log-lost') : 'log-rolled-back',
    );
  }

  /**
   * The lost entries are unknown, so everything is cleared: once for all partitions that lost entries together. After that the
   * partition's log says so. In this order, since an instance that dies in between has at least cleared.
   */
  async #reset(partition: number): Promise<LogId | undefined> {
    await (this.#clearing ??= this.target.reset());
    return this.log.begin(partition, 'reset');
  }

  /**
   * Follows from a position, with an empty memory if there is a reason to empty it. An empty log is given a first entry: without
   * one, a log that lost its entries again would look the same.
   */
  async #startFrom(partition: number, place: LogId, reason: FlushReason | undefined): Promise<boolean> {
    const start = place === LOG_START ? await this.log.begin(partition, 'start') : place;
    if (start === undefined) return false;
    if (reason !== undefined) this.target.flush(reason);
    this.heard.startFrom(partition, start);
    return true;
  }

  async #readWhole(partition: number): Promise<LogEntry[] | undefined> {
    const all: LogEntry[] = [];
    for (;;) {
      const page = await this.log.readAfter(partition, all.at(-1)?.id ?? LOG_START, READ_LIMIT);
      if (page === undefined) return undefined;
      all.push(...page);
      if (page.length < READ_LIMIT) return all;
    }
  }

  #report(isFollowed: boolean): void {
    const isCoherent = isFollowed || this.isCoherent;
    const state = isCoherent ? 'coherent' : (this.refusal ?? 'the log could not be read');
    const isFirst = this.#reported === '';
    if (state === this.#reported || (isFirst && !isCoherent && this.refusal === undefined)) return;
    this.#reported = state;
    this.options.onCoherence(isCoherent, isCoherent ? 'the log is followed' : state);
  }
}
