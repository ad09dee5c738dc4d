import type { Clock } from '../../../../common/clock.js';
import type { RedisPool } from '../../../redis/library.js';
import { parseLogBody } from '../../engine/coherence/announcement.js';
import type { InvalidationLog, LogEntry } from '../../engine/ports/invalidation-log.js';
import { isLogId, type LogId } from '../../engine/versions/log-id.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';
import { type BeatKey, type BeatReading, Beats } from './beats.js';
import { cacheScripts } from './cache-scripts.js';
import type { RedisClock } from './redis-clock.js';
import type { RedisLayout } from './redis-layout.js';
import type { ScriptCaller } from './script-caller.js';

/**
 * The invalidation log in Redis: a capped stream per partition. Each look at its end also tells Redis's time, and compares the
 * layout in Redis with this instance's.
 */
export class RedisLog implements InvalidationLog {
  readonly #beats: Beats;
  /** Requests for the time that are under way, by partition. */
  readonly #telling = new Map<number, Promise<boolean>>();

  constructor(
    private readonly pool: RedisPool,
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
    private readonly redisClock: RedisClock,
    private readonly agreement: RedisLayout,
    readonly length: number,
    clock: Clock,
  ) {
    this.#beats = Beats.of(pool, clock, scripts.commandTimeoutMs);
  }

  get refusal(): string | undefined {
    return this.agreement.refusal;
  }

  get partitions(): number {
    return this.layout.partitions;
  }

  nowMs(partition: number): number {
    return this.redisClock.nowMs(partition);
  }

  async tails(isUse: boolean): Promise<readonly LogId[] | undefined> {
    const all = Array.from({ length: this.partitions }, (_, partition) => partition);
    const [record, ...readings] = (await this.#look(all, [this.agreement.beatKey], isUse)) ?? [];
    if (record === undefined || !(await this.agreement.observe(record.value))) return undefined;
    const tails = readings.map(({ value }) => value);
    return tails.every(isLogId) ? tails : undefined;
  }

  /** Asks for Redis's time of a partition if it is unknown; resolves to whether it is known now. Concurrent calls share the answer. */
  tellTime(partition: number): Promise<boolean> {
    if (this.redisClock.isKnown(partition)) return Promise.resolve(true);
    let telling = this.#telling.get(partition);
    if (telling === undefined) {
      telling = this.#look([partition], [], true).then(() => this.redisClock.isKnown(partition));
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

  /** The readings of some keys, and then of the logs of the partitions. */
  async #look(
    partitions: readonly number[],
    keys: readonly BeatKey[],
    isUse: boolean,
  ): Promise<BeatReading[] | undefined> {
    const logs = partitions.map((partition) => ({ key: this.layout.log(partition), layout: '' }));
    const readings = await this.#beats.ask([...keys, ...logs], isUse);
    partitions.forEach((partition, i) => {
      const reading = readings?.[keys.length + i];
      if (reading !== undefined) this.redisClock.observe(partition, reading.askedAtMs, reading.redisMs);
    });
    return readings;
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
