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
import { type Awaited, Deadlines } from './deadlines.js';

/** Told once how a command went: the reply, or `undefined` when it failed or took too long. Must not throw. */
export type OnReply = (reply: Reply | undefined) => void;

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
   */
  run(
    lane: RedisLane,
    kind: CommandKind,
    limitMs: number,
    send: (client: RedisClient, listener: ReplyListener) => void,
    onReply: OnReply,
    onItem?: ItemListener,
  ): void {
    const nowMs = this.clock.nowMs();
    const command = new TimedCommand(this.pool.monitor, this.clock, kind, nowMs, nowMs + limitMs, onReply, onItem);
    try {
      send(this.pool.client(lane), command);
    } catch (error) {
      command.onError(error);
    }
    if (command.isOpen) this.#deadlines.add(command, nowMs);
  }
}

class TimedCommand implements ReplyListener, Awaited {
  readonly onItem: ItemListener | undefined;
  /** `undefined` once told: who waited, and what came, is not to be kept until the deadline. */
  #onDone: OnReply | undefined;
  #itemListener: ItemListener | undefined;

  constructor(
    private readonly monitor: AvailabilityMonitor,
    private readonly clock: Clock,
    private readonly kind: CommandKind,
    private readonly askedAtMs: number,
    readonly deadlineMs: number,
    onDone: OnReply,
    onItem: ItemListener | undefined,
  ) {
    this.#onDone = onDone;
    this.#itemListener = onItem;
    if (onItem !== undefined) this.onItem = (item) => this.#itemListener?.(item);
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

  giveUp(): void {
    this.onError(new Error('Command timed out'));
  }

  #close(reply: Reply | undefined): void {
    const onDone = this.#onDone!;
    this.#onDone = undefined;
    this.#itemListener = undefined;
    onDone(reply);
  }
}
