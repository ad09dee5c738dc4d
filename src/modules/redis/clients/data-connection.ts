import type { Command } from 'ioredis';
import type { CommandMeter } from './command-meter.js';
import { type CommandArgument, encodeCommand } from './encode-command.js';
import { PooledRedis, type PooledRedisOptions } from './pooled-redis.js';
import { type ItemListener, type Reply, ReplyReader } from './reply-reader.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';
import { ReadBufferConnector } from './read-buffer.connector.js';
import { replaceWhenSilent } from './silent-socket.js';
import { SocketConnector } from './socket.connector.js';

/** Who waits for a reply. Exactly one of `onReply` and `onError` is called, once; none may throw. */
export interface ReplyListener {
  /**
   * Wants the items of an array, or the one string that a reply is, as they come. A connection that can do so gives them here
   * and an empty array to `onReply`; any other gives `onReply` the whole.
   */
  readonly onItem?: ItemListener | undefined;
  onReply(reply: Exclude<Reply, Error>): void;
  onError(error: Error): void;
}

const SUBSCRIBES = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'monitor']);

/**
 * A connection for data. ioredis opens it, logs in, finds it anew behind Sentinel and sends its commands; what is asked
 * thousands of times a second goes a shorter way over the same socket: replies are read by a {@link ReplyReader}, and
 * {@link send} makes no promise and no timer. A socket that fell silent is given up by one watch instead of a timer for
 * every command.
 */
export class DataConnection extends PooledRedis {
  constructor(options: PooledRedisOptions, meter: CommandMeter, maxPending: number) {
    const { socketTimeout, ...rest } = options;
    const Connector = rest.Connector === SocketConnector && !rest.tls ? ReadBufferConnector : rest.Connector;
    super({ ...rest, Connector, protocol: 2 } as PooledRedisOptions, meter, maxPending);
    // Emitted before anything can have come: ioredis has just begun to listen.
    this.on('connect', () => {
      this.replaceDecoder();
      if (socketTimeout !== undefined) replaceWhenSilent(this.stream, this.commandQueue, socketTimeout);
    });
  }

  /**
   * Sends a command at once, without a time limit and past ioredis's tracing channel. The listener may be told of an error
   * before this returns.
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
      command.reject(new Error(`${command.name} needs a connection of its own: pool.subscriber()`));
      return command.promise;
    }
    return super.sendCommand(command, stream);
  }

  private replaceDecoder(): void {
    const { stream } = this;
    for (const listener of stream.listeners('data')) stream.off('data', listener as () => void);
    const reader = new ReplyReader(
      (reply) => this.answer(reply),
      () => (this.commandQueue.peekFront()?.command as Partial<SentCommand> | undefined)?.onItem,
    );
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
    if (item === undefined) throw new Error('Redis answered what it was not asked');
    if (reply instanceof Error) {
      const { name, args } = item.command;
      this.handleReconnection(Object.assign(reply, { command: { name, args } }), item);
    } else {
      item.command.resolve(reply);
    }
  }
}

/** What ioredis needs to know of a command in its queue. */
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

  resolve(reply: Exclude<Reply, Error>): void {
    this.listener.onReply(reply);
  }

  reject(error: Error): void {
    this.listener.onError(error);
  }
}
