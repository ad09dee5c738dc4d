import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { compareLogIds, LOG_START, type LogId } from '../versions/log-id.js';
import type { LogEntry } from '../ports/invalidation-log.js';
import type { InvalidationLog } from '../ports/invalidation-log.js';
import type { CoherenceTarget, FlushReason } from './coherence-target.js';
import { RecentLog } from './recent-log.js';

const READ_LIMIT = 1_000;

/** How the log is followed; see `CoherenceOptions`. */
export interface FollowerOptions {
  readonly heartbeatMs: number;
  readonly unconfirmedMs: number;
}

/**
 * Follows the invalidation log, so that this instance's memory tier hears of every invalidation:
 *
 * - an announcement whose predecessor is the last one heard is applied: the normal case, one hop;
 * - any other is applied too, and what lies between is read from the log;
 * - every heartbeat compares the log's end with what was heard, so a bus that lost messages, or is dead without anyone
 *   noticing, delays an invalidation by one beat;
 * - a log that no longer holds the place that was reached was trimmed, lost or rolled back: memory is emptied, and what
 *   Redis forgot is applied to it again.
 */
export class LogFollower {
  /**
   * Monotonic ms until which memory may be served: two beats and the unconfirmed time after the last beat that found
   * everything heard. Read on every memory hit.
   */
  trustedUntilMs = Number.NEGATIVE_INFINITY;
  /** The last position heard in each partition; `undefined` before the first beat. */
  readonly #positions: (LogId | undefined)[];
  readonly #recent: RecentLog[];
  #timer: TimerHandle | undefined;
  #reading: Promise<boolean> | undefined;
  #nextReading: Promise<boolean> | undefined;
  /** A clear of everything, for all partitions that one reading finds without what they held. */
  #clearing: Promise<void> | undefined;
  #isStopped = false;
  #isCoherent = false;

  constructor(
    private readonly log: InvalidationLog,
    private readonly target: CoherenceTarget,
    private readonly options: FollowerOptions,
    private readonly clock: Clock,
    private readonly onCoherence: (isCoherent: boolean, reason: string) => void,
    private readonly onReplayed: (count: number) => void,
  ) {
    this.#positions = Array.from({ length: log.partitions }, () => undefined);
    this.#recent = this.#positions.map(() => new RecentLog());
  }

  get isCoherent(): boolean {
    return this.clock.nowMs() < this.trustedUntilMs;
  }

  start(): void {
    void this.#beatAndSchedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** An announcement arrived. Applying an invalidation twice, or early, costs at most misses. */
  receive(partition: number, entry: LogEntry): void {
    const recent = this.#recent[partition];
    if (recent === undefined) return;
    // By its id and not by its order: one that was forged must not make those after it look old.
    if (!recent.has(entry.id)) this.target.apply(entry);
    const position = this.#positions[partition];
    if (position === undefined) return;
    if (entry.previous === position) this.#advance(partition, entry);
    else if (compareLogIds(entry.id, position) > 0) void this.catchUp();
  }

  /** This instance wrote an entry itself; its place is taken when its announcement or the log brings it. */
  wrote(partition: number, entry: LogEntry): void {
    this.#recent[partition]?.add(entry);
    if (entry.previous === this.#positions[partition]) this.#positions[partition] = entry.id;
  }

  /**
   * Reads what was missed. Resolves to whether everything that was in the log at the time of the call was heard. One
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

  async #beatAndSchedule(): Promise<void> {
    await this.catchUp();
    if (this.#isStopped) return;
    this.#timer = this.clock.setTimer(() => void this.#beatAndSchedule(), this.options.heartbeatMs);
  }

  async #readAll(): Promise<boolean> {
    const askedAtMs = this.clock.nowMs();
    const isFollowed = await this.#follow().catch(() => false);
    if (isFollowed) this.trustedUntilMs = askedAtMs + 2 * this.options.heartbeatMs + this.options.unconfirmedMs;
    this.#report(isFollowed);
    return isFollowed;
  }

  async #follow(): Promise<boolean> {
    this.#clearing = undefined;
    const tails = await this.log.tails();
    if (tails === undefined) return false;
    const results = await Promise.all(tails.map((tail, partition) => this.#followPartition(partition, tail)));
    return results.every(Boolean);
  }

  async #followPartition(partition: number, tail: LogId): Promise<boolean> {
    const position = this.#positions[partition];
    // The first beat: nothing is known of what came before, so nothing from before may stay.
    if (position === undefined) return this.#startFrom(partition, tail, 'log-lost');
    if (compareLogIds(tail, position) <= 0) return tail === position || (await this.#isAhead(partition, tail));
    return this.#replay(partition);
  }

  /** Announcements may overtake the answer that named the tail: then the position itself is in the log. */
  async #isAhead(partition: number, tail: LogId): Promise<boolean> {
    const position = this.#positions[partition]!;
    const after = await this.log.readAfter(partition, tail, READ_LIMIT);
    if (after === undefined) return false;
    return after.some((entry) => entry.id === position) || this.#mend(partition);
  }

  async #replay(partition: number): Promise<boolean> {
    for (;;) {
      const position = this.#positions[partition]!;
      const entries = await this.log.readAfter(partition, position, READ_LIMIT);
      if (entries === undefined) return false;
      let replayed = 0;
      for (const entry of entries) {
        // Announcements went on arriving while the log was read.
        if (compareLogIds(entry.id, this.#positions[partition]!) <= 0) continue;
        if (entry.previous !== this.#positions[partition]) return this.#mend(partition);
        this.target.apply(entry);
        this.#advance(partition, entry);
        replayed++;
      }
      if (replayed > 0) this.onReplayed(replayed);
      if (entries.length < READ_LIMIT) return true;
    }
  }

  /** The place this instance had reached is not in the log. */
  async #mend(partition: number): Promise<boolean> {
    const reached = this.#positions[partition]!;
    const entries = await this.#readWhole(partition);
    if (entries === undefined) return false;
    const recent = this.#recent[partition]!;
    const lost = recent.lostFrom(new Set(entries.map((entry) => entry.id)), reached);
    const isTrimmed = entries.length >= this.log.length && compareLogIds(entries[0]!.id, reached) > 0;
    const wasReset = entries.some((entry) => entry.body.isReset && compareLogIds(entry.id, reached) > 0);
    let last = entries.at(-1)?.id ?? LOG_START;
    if (lost !== undefined && lost.length > 0) await this.target.reissue(lost);
    else if (lost === undefined && !isTrimmed && !wasReset) {
      const reset = await this.#reset(partition);
      if (reset === undefined) return false;
      last = reset;
    }
    recent.clear();
    for (const entry of entries) recent.add(entry);
    return this.#startFrom(
      partition,
      last,
      lost === undefined ? (isTrimmed ? 'log-trimmed' : 'log-lost') : 'log-rolled-back',
    );
  }

  /**
   * What was lost is unknown: everything is cleared, once for all partitions that lost something together, and then the
   * partition's own log says so. In this order, since an instance that dies in between has at least cleared.
   */
  async #reset(partition: number): Promise<LogId | undefined> {
    await (this.#clearing ??= this.target.reset());
    return this.log.begin(partition, 'reset');
  }

  /**
   * Follows from a place, with an empty memory. An empty log is no place: one that lost its entries again would look the
   * same, so it is given a first entry.
   */
  async #startFrom(partition: number, place: LogId, reason: FlushReason): Promise<boolean> {
    const start = place === LOG_START ? await this.log.begin(partition, 'start') : place;
    if (start === undefined) return false;
    this.target.flush(reason);
    this.#positions[partition] = start;
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

  #advance(partition: number, entry: LogEntry): void {
    this.#positions[partition] = entry.id;
    this.#recent[partition]!.add(entry);
  }

  #report(isFollowed: boolean): void {
    const isCoherent = isFollowed || this.isCoherent;
    if (isCoherent === this.#isCoherent) return;
    this.#isCoherent = isCoherent;
    this.onCoherence(isCoherent, isCoherent ? 'the log is followed' : 'the log could not be read');
  }
}
