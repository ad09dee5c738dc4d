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

/** A reply that is arriving is waited for, as long as more of it arrives within this time, milliseconds. */
const PROGRESS_MS = 50;

/** A deadline moves by this at most, however long this process was stopped, milliseconds. */
const MAX_POSTPONEMENT_MS = 20;

/** Sends commands that are given up after a time, and tells the monitor how they went. */
export class TimedCommands {
  readonly #deadlines: Deadlines<TimedCommand>;

  constructor(
    private readonly pool: RedisPool,
    private readonly clock: Clock,
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
    const command = new TimedCommand(this.pool.monitor, this.clock, kind, nowMs, limitMs, onReply, onItem, late);
    try {
      const client = this.pool.client(lane);
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
  #deadlineMs: number;
  #isLate: boolean;
  #isPostponed = false;
  /** Bytes of the reply's connection when it was last looked at. */
  #receivedBytes = 0;
  /** The client that it was sent by. */
  client: RedisClient | undefined;

  constructor(
    private readonly monitor: AvailabilityMonitor,
    private readonly clock: Clock,
    private readonly kind: CommandKind,
    private readonly askedAtMs: number,
    private readonly limitMs: number,
    onDone: OnReply,
    onItem: ItemListener | undefined,
    late: LateReply | undefined,
  ) {
    this.#deadlineMs = askedAtMs + limitMs;
    this.#late = late;
    this.#isLate = false;
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
    if (!this.isOpen) return;
    this.monitor.recordSuccess(this.kind, this.clock.nowMs() - this.askedAtMs);
    this.#close(reply);
  }

  onError(error: unknown): void {
    if (!this.isOpen) return;
    this.monitor.recordFailure(this.kind, error);
    this.#close(undefined);
  }

  /** Once and for a moment: where Redis is frozen and this process busy, waits must end all the same. */
  postpone(ms: number): void {
    if (this.#isPostponed) return;
    this.#isPostponed = true;
    this.#deadlineMs += Math.min(ms, this.limitMs, MAX_POSTPONEMENT_MS);
  }

  giveUp(): void {
    const received = this.client === undefined ? undefined : receivedBytes(this.client, this);
    if (received !== undefined && received > this.#receivedBytes) {
      this.#receivedBytes = received;
      this.#deadlineMs = this.clock.nowMs() + PROGRESS_MS;
      return;
    }
    const late = this.#late;
    if (late === undefined) {
      if (!this.#isLate) return this.onError(new Error('Command timed out'));
      return this.#close(undefined);
    }
    this.#late = undefined;
    this.#isLate = true;
    this.#deadlineMs = Math.max(this.askedAtMs + late.limitMs, this.clock.nowMs() + 1);
    // Redis is judged by its budget, whether or not the answer still comes.
    this.monitor.recordFailure(this.kind, new Error('Command timed out'));
    late.onLate();
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
