import type { Command } from 'ioredis';
import type { ReadListener, Values } from '../redis.types.js';
import type { CommandMeter } from './command-meter.js';
import { PooledRedis, type PooledRedisOptions } from './pooled-redis.js';
import { type Reply, ReplyReader } from './reply-reader.js';
import { RedisQueueFullError } from './redis-queue-full.error.js';
import { replaceWhenSilent } from './silent-socket.js';

const SUBSCRIBES = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'monitor']);

/**
 * A connection for data. ioredis opens it, logs in, finds it anew behind Sentinel and sends its commands; what is asked
 * thousands of times a second goes a shorter way over the same socket: replies are read by a {@link ReplyReader}, and
 * {@link read} makes no command object, no promise and no timer. A socket that fell silent is given up by one watch
 * instead of a timer for every command.
 */
export class DataConnection extends PooledRedis {
  constructor(options: PooledRedisOptions, meter: CommandMeter, maxPending: number) {
    const { socketTimeout, ...rest } = options;
    super({ ...rest, protocol: 2 } as PooledRedisOptions, meter, maxPending);
    // Emitted before anything can have come: ioredis has just begun to listen.
    this.on('connect', () => {
      this.replaceDecoder();
      if (socketTimeout !== undefined) replaceWhenSilent(this.stream, this.commandQueue, socketTimeout);
    });
  }

  /** GET for one key, MGET for more. Past ioredis's tracing channel; counted by the meter as any command. */
  read(keys: readonly string[], listener: ReadListener): void {
    const { commandQueue, stream } = this;
    if (this.status !== 'ready' || !stream.writable) return listener.onError(new Error('Connection is closed.'));
    if (commandQueue.length >= this.maxPending) return listener.onError(new RedisQueueFullError(this.maxPending));
    const command = new ReadCommand(keys, listener);
    this.meter.record(command.name);
    stream.write(command.toWritable());
    commandQueue.push({ command: command as unknown as Command, stream: undefined as never, select: 0 });
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
    const reader = new ReplyReader((reply) => this.answer(reply));
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
class ReadCommand {
  readonly name: 'get' | 'mget';
  readonly inTransaction = false;

  constructor(
    readonly args: readonly string[],
    private readonly listener: ReadListener,
  ) {
    this.name = args.length === 1 ? 'get' : 'mget';
  }

  toWritable(): string {
    const { args } = this;
    let text = args.length === 1 ? '*2\r\n$3\r\nGET\r\n' : `*${args.length + 1}\r\n$4\r\nMGET\r\n`;
    for (let i = 0; i < args.length; i++) text += `$${Buffer.byteLength(args[i]!)}\r\n${args[i]!}\r\n`;
    return text;
  }

  resolve(reply: Reply): void {
    this.listener.onValues(this.name === 'get' ? [reply as Buffer | null] : (reply as Values));
  }

  reject(error: Error): void {
    this.listener.onError(error);
  }
}
