import type { RedisPool } from '../../../redis/library.js';
import { WIRE_VERSION } from '../../engine/coherence/announcement.js';
import type { HeardLog } from '../../engine/coherence/heard-log.js';
import type { LogBody } from '../../engine/ports/invalidation-log.js';
import { isLogId, type LogId } from '../../engine/versions/log-id.js';
import type { InvalidationAck, Invalidation, SlotAddress, StoredVersion } from '../../engine/ports/remote-tier.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';
import { newVersion, type Version } from '../../engine/versions/version.js';
import { cacheScripts } from './cache-scripts.js';
import { byPartition, MAX_SCRIPT_KEYS } from './partitions.js';
import type { RedisClock } from './redis-clock.js';
import { keepArguments } from './redis-versions.js';
import type { ScriptCaller } from './script-caller.js';

/** The deadline of a write lies this much before its caller gives up: Redis's time is known to within half a round trip. */
const DEADLINE_MARGIN_MS = 10;

/** Fixed settings of a `RedisInvalidations`. */
export interface RedisInvalidationsOptions {
  readonly instanceId: string;
  readonly logLength: number;
  /** Records the log entries that this instance writes. */
  readonly heard: Pick<HeardLog, 'wrote'>;
}

/** The invalidating part of the tier. The script that makes a change also logs and announces it. */
export class RedisInvalidations {
  /**
   * Number of tombstone messages published so far. Every log entry carries it, so a receiver knows that the entry supersedes the
   * tombstones up to that number.
   */
  #tombstoneSequence = 0;

  constructor(
    private readonly pool: RedisPool,
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
    private readonly redisClock: RedisClock,
    private readonly options: RedisInvalidationsOptions,
  ) {}

  /**
   * Replaces the content of the slot by an entry; without `bytes` the slot becomes empty. Redis's time must be known.
   *
   * @param versions of the entry, in the slot's partition: they are kept as long as the entry.
   */
  async put(
    { memoryKey, slot, partition }: SlotAddress,
    ttlMs: number,
    bytes: Buffer | undefined,
    versions: readonly StoredVersion[],
  ): Promise<{ readonly areVersionsKept: boolean } | undefined> {
    const body: LogBody = {
      source: this.options.instanceId,
      keys: [memoryKey],
      versions: [],
      isReset: false,
      isExpiry: false,
      tombstoneSequence: this.#tombstoneSequence,
    };
    const answer = await this.scripts.call(
      'write',
      'command',
      cacheScripts.put,
      [slot, this.layout.log(partition), ...versions.map(({ id }) => this.layout.dependency(id).key)],
      [
        Math.floor(this.redisClock.nowMs(partition) + this.scripts.commandTimeoutMs - DEADLINE_MARGIN_MS),
        ttlMs,
        bytes ?? '',
        `${bodyStart(body)}}`,
        this.layout.channel,
        partition,
        this.options.logLength,
        ...versions.flatMap(keepArguments),
      ],
    );
    if (!this.#wrote(partition, answer, body)) return undefined;
    return { areVersionsKept: String((answer as unknown[])[2]) === '1' };
  }

  async invalidate({ addresses, dependencies, mode }: Invalidation): Promise<InvalidationAck | undefined> {
    const wanted = [
      ...addresses.map((address) => ({ partition: address.partition, address, id: undefined })),
      ...dependencies.map((id) => ({ partition: this.layout.dependency(id).partition, address: undefined, id })),
    ];
    const versions = new Map<string, { version: Version; at: LogId }>();
    const parts = byPartition(wanted, ({ partition }) => partition, { maxItems: MAX_SCRIPT_KEYS }).map(
      async ({ items }) => {
        const { partition } = items[0]!;
        const slots = items.flatMap(({ address }) => (address === undefined ? [] : [address]));
        const ids = items.flatMap(({ id }) => (id === undefined ? [] : [id]));
        const body: LogBody = {
          source: this.options.instanceId,
          keys: slots.map(({ memoryKey }) => memoryKey),
          versions: [],
          isReset: false,
          isExpiry: mode === 'soft',
          tombstoneSequence: this.#tombstoneSequence,
        };
        const answer = await this.scripts.call(
          'write',
          'command',
          cacheScripts.invalidate,
          [
            this.layout.log(partition),
            ...slots.map(({ slot }) => slot),
            ...ids.map((id) => this.layout.dependency(id).key),
          ],
          [
            slots.length,
            mode,
            bodyStart(body),
            this.layout.channel,
            partition,
            this.options.logLength,
            ...ids.flatMap((id) => [JSON.stringify(id), newVersion()]),
          ],
        );
        const set = Array.isArray(answer) ? answer.slice(2).map(String) : [];
        if (!this.#wrote(partition, answer, { ...body, versions: ids.map((id, i) => [id, set[i]!] as const) }))
          return false;
        const at = String((answer as unknown[])[0]);
        ids.forEach((id, i) => versions.set(id, { version: set[i]!, at }));
        return true;
      },
    );
    return (await Promise.all(parts)).every(Boolean) ? { versions } : undefined;
  }

  announceTombstones(addresses: readonly SlotAddress[], dependencies: readonly string[]): void {
    this.#publish({
      s: this.options.instanceId,
      a: addresses.map(({ memoryKey }) => memoryKey),
      d: dependencies,
      n: ++this.#tombstoneSequence,
    });
  }

  /** Asks the other instances to repeat their tombstones. */
  requestTombstones(): void {
    this.#publish({ q: this.options.instanceId });
  }

  #publish(message: object): void {
    const { channel } = this.layout;
    const data = { v: WIRE_VERSION, ...message };
    try {
      // PUBLISH works where Redis refuses every write. Where PUBLISH fails too, no instance reads old values from Redis.
      this.pool
        .client('fast')
        .publish(channel, JSON.stringify({ pattern: channel, data }))
        .catch((error: unknown) => this.pool.monitor.recordDenial(error));
    } catch {
      return;
    }
  }

  #wrote(partition: number, answer: unknown, body: LogBody): boolean {
    if (!Array.isArray(answer)) return false;
    const [id, previous] = answer.map(String);
    if (!isLogId(id) || !isLogId(previous)) return false;
    this.options.heard.wrote(partition, { id, previous, body });
    return true;
  }
}

/** A log entry's body without its versions and closing brace: the script adds them. */
function bodyStart(body: LogBody): string {
  const { source, keys, isExpiry, tombstoneSequence } = body;
  return JSON.stringify({
    s: source,
    k: keys,
    ...(isExpiry && { x: 1 }),
    ...(tombstoneSequence > 0 && { n: tombstoneSequence }),
  }).slice(0, -1);
}
