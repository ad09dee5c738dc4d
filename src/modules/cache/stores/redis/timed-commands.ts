import type { Clock } from '../../../../common/clock.js';
import type {
  AvailabilityMonitor,
  CommandKind,
  ItemListener,
  RedisClient,
  RedisLane,
  RedisPool,
  Reply,
  ReplyListener,
} from '../../../redis/library.js';
import { receivedBytes } from '../../../redis/library.js';
import { CommandBurst } from './command-burst.js';
import { type Awaited, Deadlines } from './deadlines.js';

/** Told once how a command went: the reply, or `undefined` when it failed or took too long. Must not throw. */
export type OnReply = (reply: Reply | undefined) => void;

/** How much longer a command is waited for whose caller goes on without it. */
export interface LateReply {
  /** From when it was asked, milliseconds. */
  readonly limitMs: number;
  /** Called once if there is no reply within the first limit. */
  readonly onLate: () => void;
}

/** A reply is waited for as long as more of it, or of its burst, arrives within this time or its limit, milliseconds. */
const PROGRESS_MS = 50;

/** A late reply has no caller that could go on, or one that has gone on already. */
const LATE_PROGRESS_MS = 250;

/** A deadline moves by this at most, however long this process was stopped, milliseconds. */
const MAX_POSTPONEMENT_MS = 20;

/**
 * Sends commands that are given up after a time, and tells the monitor how they went.
 *
 * The time is that without progress: while bytes of a reply arrive, or Redis answers other commands of the same burst, the
 * reply is on its way. Many commands at once are slow because they are many, and Redis is not to blame.
 */
export class TimedCommands {
  readonly #deadlines: Deadlines<TimedCommand>;
  #burst = new CommandBurst(Number.NEGATIVE_INFINITY);

  constructor(
    private readonly pool: RedisPool,
    private readonly clock: Clock,
    /** The commands are upkeep: no caller needs them. */
    private readonly isUpkeep = false,
  ) {
    this.#deadlines = new Deadlines(clock);
  }

  /**
   * A command that is given up may still run in Redis.
   *
   * @param onItem as in {@link ReplyListener}; not called after `onReply`.
   * @param late given: past `limitMs` the command is late, and given up only past the limit in here.
   */
  run(
    lane: RedisLane,
    kind: CommandKind,
    limitMs: number,
    send: (client: RedisClient, listener: ReplyListener) => void,
    onReply: OnReply,
    onItem?: ItemListener,
    late?: LateReply,
  ): void {
    const nowMs = this.clock.nowMs();
    // In a Cluster the answer of one node says nothing about a command to another.
    const isAlone = this.pool.topology === 'cluster' || !this.#burst.add(nowMs);
    if (isAlone) this.#burst = new CommandBurst(nowMs);
    const { monitor } = this.pool;
    const command = new TimedCommand(monitor, this.clock, this.#burst, kind, nowMs, limitMs, onReply, onItem, late);
    try {
      const client = this.pool.client(lane, this.isUpkeep ? 'upkeep' : 'use');
      command.client = client;
      send(client, command);
    } catch (error) {
      command.onError(error);
    }
    if (command.isOpen) this.#deadlines.add(command, nowMs);
  }
}

class TimedCommand implements ReplyListener, Awaited {
  readonly onItem: ItemListener | undefined;
  /** `undefined` once told: the caller and the reply must not be kept in memory until the deadline. */
  #onDone: OnReply | undefined;
  #itemListener: ItemListener | undefined;
  #late: LateReply | undefined;
  /** Told to be late. */
  #isLate = false;
  /** The monitor knows of it. */
  #isJudged = false;
  #deadlineMs: number;
  #isPostponed = false;
  /** Redis had until then, by the time that this process was there to see it. */
  #judgedAtMs: number;
  /** Bytes of the reply's connection, and answers of the burst, when they were last looked at. */
  #receivedBytes = 0;
  #seenAnswers: number;
  /** The client that it was sent by. */
  client: RedisClient | undefined;

  constructor(
    private readonly monitor: AvailabilityMonitor,
    private readonly clock: Clock,
    private readonly burst: CommandBurst,
    private readonly kind: CommandKind,
    private readonly askedAtMs: number,
    private readonly limitMs: number,
    onDone: OnReply,
    onItem: ItemListener | undefined,
    late: LateReply | undefined,
  ) {
    this.#deadlineMs = this.#judgedAtMs = askedAtMs + limitMs;
    this.#seenAnswers = burst.answers;
    this.#late = late;
    this.#onDone = onDone;
    this.#itemListener = onItem;
    if (onItem !== undefined) this.onItem = (item) => this.#itemListener?.(item);
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  get isOpen(): boolean {
    return this.#onDone !== undefined;
  }

  onReply(reply: Reply): void {
    this.burst.answers++;
    if (!this.isOpen) return;
    this.monitor.recordSuccess(this.kind, this.clock.nowMs() - this.askedAtMs);
    this.#close(reply);
  }

  onError(error: unknown): void {
    if (!this.isOpen) return;
    if (!this.#isJudged) this.monitor.recordFailure(this.kind, error);
    this.#close(undefined);
  }

  /**
   * The caller's wait is prolonged once and for a moment: where Redis is frozen and this process busy, waits must end all the
   * same. Redis is judged by all of the time.
   */
  postpone(ms: number): void {
    this.#judgedAtMs += ms;
    if (this.#isPostponed) return;
    this.#isPostponed = true;
    this.#deadlineMs += Math.min(ms, this.limitMs, MAX_POSTPONEMENT_MS);
  }

  giveUp(): void {
    const nowMs = this.clock.nowMs();
    if (this.#isProgressing()) {
      this.#isPostponed = false;
      this.#deadlineMs = this.#judgedAtMs =
        nowMs + Math.max(this.#isLate ? LATE_PROGRESS_MS : PROGRESS_MS, this.limitMs);
      return;
    }
    const late = this.#late;
    if (late === undefined) {
      this.#judge();
      return this.#close(undefined);
    }
    const endMs = this.askedAtMs + late.limitMs;
    if (!this.#isJudged && nowMs >= Math.min(this.#judgedAtMs, endMs)) this.#judge();
    if (this.#isLate && nowMs >= endMs) return this.#close(undefined);
    this.#deadlineMs = Math.max(this.#isJudged ? endMs : Math.min(this.#judgedAtMs, endMs), nowMs + 1);
    if (this.#isLate) return;
    this.#isLate = true;
    late.onLate();
  }

  #judge(): void {
    this.#isJudged = true;
    if (this.burst.timesOut(this.kind)) this.monitor.recordFailure(this.kind, new Error('Command timed out'));
  }

  #isProgressing(): boolean {
    const { answers } = this.burst;
    const received = this.client === undefined ? undefined : receivedBytes(this.client, this);
    const hasProgress = answers !== this.#seenAnswers || (received !== undefined && received > this.#receivedBytes);
    this.#seenAnswers = answers;
    if (received !== undefined) this.#receivedBytes = received;
    return hasProgress;
  }

  #close(reply: Reply | undefined): void {
    // The command stays among the deadlines until its own: its reader, and the value, are not to be kept so long.
    this.#late = undefined;
    this.client = undefined;
    const onDone = this.#onDone!;
    this.#onDone = undefined;
    this.#itemListener = undefined;
    onDone(reply);
  }
}
