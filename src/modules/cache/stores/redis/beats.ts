import type { Clock } from '../../../../common/clock.js';
import { nodeOfKey, type RedisPool, type RedisScript, type Reply, sendScript } from '../../../redis/library.js';
import { cacheScripts } from './cache-scripts.js';
import { TimedCommands } from './timed-commands.js';

/** Keys that one script reads at most: each takes about 3 µs of Redis. */
const MAX_KEYS_TOGETHER = 256;

/** A key that a heartbeat looks at: a log, or the record of a layout. */
export interface BeatKey {
  readonly key: string;
  /** The layout that the record should have; `''` for a log. */
  readonly layout: string;
}

/** What a heartbeat found at one key. */
export interface BeatReading {
  /** Last id of a log; of a record what `layout-record.lua` says. */
  readonly value: string;
  /** Redis's time at the answer, milliseconds since the epoch. */
  readonly redisMs: number;
  /** When the question left, monotonic milliseconds of this process's clock. */
  readonly askedAtMs: number;
}

interface Question {
  readonly keys: readonly BeatKey[];
  readonly isUse: boolean;
  readonly onReadings: (readings: BeatReading[] | undefined) => void;
}

type Grouping = 'together' | 'by node' | 'by slot';

/** Beats of each pool and clock: all engines of a process that use one pool share one. */
const shared = new WeakMap<RedisPool, Map<Clock, Beats>>();

/**
 * The heartbeats of all engines on one pool. Questions of one turn of the event loop become one script; in a Cluster one for
 * each node. Where neither is possible (Redis 6.2 in a Cluster, a cluster behind a proxy), each hash slot has one.
 */
export class Beats {
  readonly #commands: Record<'use' | 'upkeep', TimedCommands>;
  #grouping: Grouping;
  #waiting: Question[] = [];

  private constructor(
    private readonly pool: RedisPool,
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {
    this.#commands = { use: new TimedCommands(pool, clock), upkeep: new TimedCommands(pool, clock, true) };
    this.#grouping = pool.topology === 'cluster' ? 'by node' : 'together';
  }

  /** @param limitMs a beat is given up after this, milliseconds. */
  static of(pool: RedisPool, clock: Clock, limitMs: number): Beats {
    const clocks = shared.get(pool) ?? new Map<Clock, Beats>();
    shared.set(pool, clocks);
    const beats = clocks.get(clock) ?? new Beats(pool, clock, limitMs);
    clocks.set(clock, beats);
    return beats;
  }

  /**
   * Looks at the keys. Resolves to the readings in their order, or to `undefined` if one could not be had.
   *
   * @param isUse false for a look that no caller of the cache needs: the pool may stay at rest.
   */
  ask(keys: readonly BeatKey[], isUse: boolean): Promise<BeatReading[] | undefined> {
    return new Promise((onReadings) => {
      if (this.#waiting.length === 0) setImmediate(() => void this.#flush());
      this.#waiting.push({ keys, isUse, onReadings });
    });
  }

  async #flush(): Promise<void> {
    const questions = this.#waiting;
    this.#waiting = [];
    const purpose = questions.some(({ isUse }) => isUse) ? 'use' : 'upkeep';
    const readings = new Map<BeatKey, BeatReading>();
    const groups = this.#groupsOf(questions.flatMap(({ keys }) => keys));
    await Promise.all(groups.map((group) => this.#read(group, purpose, readings)));
    for (const { keys, onReadings } of questions) {
      const own = keys.flatMap((key) => readings.get(key) ?? []);
      onReadings(own.length === keys.length ? own : undefined);
    }
  }

  #groupsOf(keys: readonly BeatKey[]): BeatKey[][] {
    const open = new Map<string, BeatKey[]>();
    const groups: BeatKey[][] = [];
    for (const key of keys) {
      const name = this.#groupOf(key.key);
      let group = open.get(name);
      if (group === undefined || group.length === MAX_KEYS_TOGETHER) {
        group = [];
        open.set(name, group);
        groups.push(group);
      }
      group.push(key);
    }
    return groups;
  }

  #groupOf(key: string): string {
    if (this.#grouping === 'together') return '';
    const hashTag = key.slice(0, key.indexOf('}'));
    if (this.#grouping === 'by slot') return hashTag;
    return nodeOfKey(this.pool.client('fast', 'upkeep'), key) || hashTag;
  }

  async #read(group: readonly BeatKey[], purpose: 'use' | 'upkeep', into: Map<BeatKey, BeatReading>): Promise<void> {
    const isOfNode = this.#grouping === 'by node' && group.length > 1;
    const declared = isOfNode ? group.slice(0, 1) : group;
    const further = group.slice(declared.length);
    const askedAtMs = this.clock.nowMs();
    const answer = await this.#run(purpose, isOfNode ? cacheScripts.beatOfNode : cacheScripts.beat, namesOf(declared), [
      String(further.length),
      ...namesOf(further),
      ...group.map(({ layout }) => layout),
    ]);
    if (!Array.isArray(answer) || answer.length !== group.length + 1) return;
    const redisMs = Number(String(answer[0])) / 1_000;
    group.forEach((key, i) => into.set(key, { value: String(answer[i + 1]), redisMs, askedAtMs }));
  }

  #run(purpose: 'use' | 'upkeep', script: RedisScript, keys: string[], args: string[]): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      // Always the fast lane, where no command waits behind large values: a late heartbeat costs memory its trust.
      this.#commands[purpose].run(
        'fast',
        'read',
        this.limitMs,
        (client, listener) =>
          sendScript(client, script, keys, args, {
            onReply: (reply) => listener.onReply(reply),
            onError: (error) => {
              this.#regroup(error);
              listener.onError(error);
            },
          }),
        resolve,
      );
    });
  }

  /** From the next beat on, keys are read together only where the server allows it. */
  #regroup({ message }: Error): void {
    const isTooOld = /Error compiling script|unexpected symbol|ERR Unexpected flag/i.test(message);
    if (message.startsWith('CROSSSLOT') || isTooOld) this.#grouping = 'by slot';
  }
}

function namesOf(keys: readonly BeatKey[]): string[] {
  return keys.map(({ key }) => key);
}
