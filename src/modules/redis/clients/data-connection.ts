import type { Command } from 'ioredis';
import type { CommandMeter } from './command-meter.js';
import { type CommandArgument, encodeCommand } from './encode-command.js';
import { PooledRedis, type PooledRedisOptions } from './pooled-redis.js';
import { type ItemListener, type Reply, ReplyReader } from './reply-reader.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';
import { ReadBufferConnector } from './read-buffer.connector.js';
import { replaceWhenSilent } from './silent-socket.js';
import { SocketConnector } from './socket.connector.js';

/** The receiver of a reply. Exactly one of `onReply` and `onError` is called, once. No method may throw. */
export interface ReplyListener {
  /**
   * Receives the items of an array, or a string reply, as they arrive. Then `onReply` gets an empty array at the end. A
   * connection that can't deliver items gives the whole reply to `onReply`.
   */
  readonly onItem?: ItemListener | undefined;
  onReply(reply: Exclude<Reply, Error>): void;
  onError(error: Error): void;
}

const SUBSCRIBES = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'monitor']);

/**
 * A connection for data. ioredis opens it, logs in, reconnects it behind Sentinel and sends its commands. Commands that are
 * sent thousands of times a second take a shorter path over the same socket: a {@link ReplyReader} reads the replies, and
 * {@link send} creates no promise and no timer. One interval detects a silent socket, instead of a timer per command.
 */
export class DataConnection extends PooledRedis {
  private reader: ReplyReader | undefined;

  constructor(options: PooledRedisOptions, meter: CommandMeter, maxPending: number) {
    const { socketTimeout, ...rest } = options;
    const Connector = rest.Connector === SocketConnector && !rest.tls ? ReadBufferConnector : rest.Connector;
    super({ ...rest, Connector, protocol: 2 } as PooledRedisOptions, meter, maxPending);
    // Emitted before any reply can have arrived: ioredis has just begun to listen.
    this.on('connect', () => {
      this.replaceDecoder();
      if (socketTimeout !== undefined) replaceWhenSilent(this.stream, this.commandQueue, socketTimeout);
    });
  }

  /**
   * Sends a command at once, without a time limit and without ioredis's tracing channel. The listener may get an error
   * before this method returns.
   *
   * @param name lower-case.
   */
  send(name: string, args: readonly CommandArgument[], listener: ReplyListener): void {
    const { commandQueue, stream } = this;
    if (this.status !== 'ready' || !stream.writable) return listener.onError(new Error('Connection is closed.'));
    if (commandQueue.length >= this.maxPending) return listener.onError(new RedisQueueFullError(this.maxPending));
    this.meter.record(name);
    stream.write(encodeCommand(name, args), 'latin1');
    const command = new SentCommand(name, args, listener) as unknown as Command;
    commandQueue.push({ command, stream: undefined as never, select: 0 });
  }

  override sendCommand(command: Command, stream?: Parameters<PooledRedis['sendCommand']>[1]): unknown {
    if (SUBSCRIBES.has(command.name)) {
      command.reject(new Error(`${command.name} needs a separate connection: pool.subscriber()`));
      return command.promise;
    }
    return super.sendCommand(command, stream);
  }

  /** Bytes received by this connection; `undefined` unless the reply for this listener is arriving now. */
  receivedFor(listener: ReplyListener): number | undefined {
    const front = this.commandQueue.peekFront()?.command as Partial<SentCommand> | undefined;
    if (front?.isFor?.(listener) !== true || this.reader?.isWithinReply !== true) return undefined;
    return this.stream.bytesRead;
  }

  private replaceDecoder(): void {
    const { stream } = this;
    for (const listener of stream.listeners('data')) stream.off('data', listener as () => void);
    const reader = (this.reader = new ReplyReader(
      (reply) => this.answer(reply),
      () => (this.commandQueue.peekFront()?.command as Partial<SentCommand> | undefined)?.onItem,
    ));
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.write(chunk);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
  }

  private answer(reply: Reply): void {
    const item = this.commandQueue.shift();
    if (item === undefined) throw new Error('Redis sent a reply without a pending command');
    if (reply instanceof Error) {
      const { name, args } = item.command;
      this.handleReconnection(Object.assign(reply, { command: { name, args } }), item);
    } else {
      item.command.resolve(reply);
    }
  }
}

/** The properties that ioredis reads of a command in its queue. */
class SentCommand {
  readonly inTransaction = false;

  constructor(
    readonly name: string,
    readonly args: readonly CommandArgument[],
    private readonly listener: ReplyListener,
  ) {}

  get onItem(): ItemListener | undefined {
    return this.listener.onItem;
  }

  isFor(listener: ReplyListener): boolean {
    return this.listener === listener;
  }

  resolve(reply: Exclude<Reply, Error>): void {
    this.listener.onReply(reply);
  }

  reject(error: Error): void {
    this.listener.onError(error);
  }
}
