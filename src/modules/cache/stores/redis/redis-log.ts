import type { Clock } from '../../../../common/clock.js';
import { type RedisPool, sendScript } from '../../../redis/library.js';
import { parseLogBody } from '../../engine/coherence/announcement.js';
import type { InvalidationLog, LogEntry } from '../../engine/ports/invalidation-log.js';
import { isLogId, type LogId } from '../../engine/versions/log-id.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';
import { cacheScripts } from './cache-scripts.js';
import type { RedisClock } from './redis-clock.js';
import type { ScriptCaller } from './script-caller.js';
import { TimedCommands } from './timed-commands.js';

/** Logs that one script reads at most: each takes about 3 µs of Redis. */
const MAX_LOGS_TOGETHER = 256;

/**
 * The invalidation log in Redis: a capped stream per partition. Each look at its end also tells Redis's time. One script
 * looks at many, except in a Cluster, where each partition has a slot of its own.
 */
export class RedisLog implements InvalidationLog {
  readonly #commands: TimedCommands;
  /** Partitions that one script reads, in order. */
  #together: readonly (readonly number[])[];
  /** Requests for the time that are under way, by partition. */
  readonly #telling = new Map<number, Promise<boolean>>();

  constructor(
    private readonly pool: RedisPool,
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
    private readonly redisClock: RedisClock,
    readonly length: number,
    private readonly clock: Clock,
  ) {
    this.#commands = new TimedCommands(pool, clock);
    this.#together = this.#groupsOf(pool.topology === 'cluster' ? 1 : MAX_LOGS_TOGETHER);
  }

  get partitions(): number {
    return this.layout.partitions;
  }

  nowMs(partition: number): number {
    return this.redisClock.nowMs(partition);
  }

  async tails(): Promise<readonly LogId[] | undefined> {
    const tails: LogId[] = [];
    for (const some of await Promise.all(this.#together.map((partitions) => this.#tails(partitions)))) {
      if (some === undefined) return undefined;
      tails.push(...some);
    }
    return tails;
  }

  /** Asks for Redis's time of a partition if it is unknown; resolves to whether it is known now. Concurrent calls share the answer. */
  tellTime(partition: number): Promise<boolean> {
    if (this.redisClock.isKnown(partition)) return Promise.resolve(true);
    let telling = this.#telling.get(partition);
    if (telling === undefined) {
      const size = this.#together[0]!.length;
      telling = this.#tails(this.#together[Math.floor(partition / size)]!).then(() =>
        this.redisClock.isKnown(partition),
      );
      this.#telling.set(partition, telling);
      void telling.then(() => this.#telling.delete(partition));
    }
    return telling;
  }

  async begin(partition: number, kind: 'start' | 'reset'): Promise<LogId | undefined> {
    const args = [
      0,
      'hard',
      `{"s":"","k":[]${kind === 'reset' ? ',"r":1' : ''}`,
      this.layout.channel,
      partition,
      this.length,
    ];
    const answer = await this.scripts.call(
      'write',
      'command',
      cacheScripts.invalidate,
      [this.layout.log(partition)],
      args,
    );
    const id = Array.isArray(answer) ? String(answer[0]) : undefined;
    return isLogId(id) ? id : undefined;
  }

  async readAfter(partition: number, after: LogId, limit: number): Promise<readonly LogEntry[] | undefined> {
    const { monitor } = this.pool;
    try {
      const rows = await this.pool.client('bulk').xrange(this.layout.log(partition), `(${after}`, '+', 'COUNT', limit);
      return rows.flatMap(([id, fields]) => toEntry(id, fields));
    } catch (error) {
      monitor.recordFailure('read', error);
      return undefined;
    }
  }

  #groupsOf(size: number): number[][] {
    const groups: number[][] = [];
    for (let partition = 0; partition < this.partitions; partition++) {
      if (partition % size === 0) groups.push([]);
      groups.at(-1)!.push(partition);
    }
    return groups;
  }

  async #tails(partitions: readonly number[]): Promise<readonly LogId[] | undefined> {
    const askedAtMs = this.clock.nowMs();
    const keys = partitions.map((partition) => this.layout.log(partition));
    const answer = await new Promise((resolve) => {
      // Always the fast lane, where no command waits behind large values: a late heartbeat costs memory its trust.
      this.#commands.run(
        'fast',
        'read',
        this.scripts.commandTimeoutMs,
        (client, listener) =>
          sendScript(client, cacheScripts.tails, keys, [], {
            onReply: (reply) => listener.onReply(reply),
            onError: (error) => {
              // CROSSSLOT: the server is a cluster behind a proxy. From the next heartbeat on, each partition has a script of its own.
              if (error.message.startsWith('CROSSSLOT')) this.#together = this.#groupsOf(1);
              listener.onError(error);
            },
          }),
        resolve,
      );
    });
    if (!Array.isArray(answer)) return undefined;
    const [micros, ...tails] = answer.map(String);
    for (const partition of partitions) this.redisClock.observe(partition, askedAtMs, Number(micros) / 1_000);
    return tails.length === partitions.length && tails.every(isLogId) ? tails : undefined;
  }
}

/** Empty for a foreign row; the entry after it then shows a gap. */
function toEntry(id: string, fields: readonly string[]): LogEntry[] {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i]!, fields[i + 1]!);
  const previous = values.get('p');
  const body = parseLogBody(values.get('b') ?? '');
  return body !== undefined && isLogId(previous) ? [{ id, previous, body }] : [];
}
