import type { Clock } from '../../../../common/clock.js';
import { type RedisLane, type RedisPool, sendCommand } from '../../../redis/core.js';
import type { SlotAddress } from '../../engine/remote-tier.js';
import { byPartition } from './partitions.js';
import { TimedCommands } from './timed-commands.js';

/** Keys in one command at most: a reply of a few hundred values is about as large as a socket takes at once. */
const MAX_KEYS = 512;
/** Reads of one tick in one command. */
const MIN_TICK_KEYS = 16;
const MAX_TICK_KEYS = 128;
const BUDGET_MS_PER_KEY = 0.1;
/** More keys than this are a batch: they go the lane where nobody waits behind them. */
const MAX_FAST_KEYS = 16;

/** The bytes in slots, in order, `null` for none. */
type Values = (Buffer | null)[];
/** The bytes in a slot, `null` for none, `undefined` when Redis did not answer in time. */
export type SlotBytes = Buffer | null | undefined;

/** Slots of one partition and who waits for each. */
interface Group {
  readonly slots: string[];
  readonly listeners: SlotListener[][];
}

/** Told of a slot once. Must not throw. */
export type SlotListener = (bytes: SlotBytes) => void;

/**
 * Reads slots. Reads that are asked for in one tick become one command: GET for one, MGET for more, one per hash slot in
 * a Cluster. No read waits for a timer. Past the monitor's budget, or the caller's own patience where that is longer, the
 * answer is "unavailable" and the caller goes on.
 *
 * Listeners instead of promises, because this is where every hit of Redis comes through.
 */
export class SlotReader {
  /** Reads of this tick, by slot: a slot that several callers want is read once. */
  #waiting = new Map<string, SlotListener[]>();
  /** The same by partition. */
  #groups = new Map<number, Group>();
  readonly #commands: TimedCommands;

  constructor(
    private readonly pool: RedisPool,
    clock: Clock,
  ) {
    this.#commands = new TimedCommands(pool, clock);
  }

  read({ slot, partition }: SlotAddress, listener: SlotListener, patienceMs = 0): void {
    // Others of this tick are not to wait as long.
    if (patienceMs > 0) return this.#send('fast', [slot], patienceMs, (values) => listener(values?.[0]));
    const known = this.#waiting.get(slot);
    if (known !== undefined) {
      known.push(listener);
      return;
    }
    // Runs when every promise of this tick has settled, so callers that were woken together are served together.
    if (this.#waiting.size === 0) process.nextTick(this.#flush);
    const listeners = [listener];
    this.#waiting.set(slot, listeners);
    let group = this.#groups.get(partition);
    if (group === undefined) this.#groups.set(partition, (group = { slots: [], listeners: [] }));
    group.slots.push(slot);
    group.listeners.push(listeners);
  }

  /** Many at once, in order; `undefined` when any part could not be read. */
  async readMany(addresses: readonly SlotAddress[], patienceMs = 0): Promise<Values | undefined> {
    const found: Values = new Array(addresses.length).fill(null);
    const lane = addresses.length > MAX_FAST_KEYS ? 'bulk' : 'fast';
    const parts = byPartition(addresses, ({ partition }) => partition, MAX_KEYS).map(
      ({ items, indexes }) =>
        new Promise<boolean>((resolve) => {
          const slots = items.map(({ slot }) => slot);
          this.#send(lane, slots, patienceMs, (values) => {
            values?.forEach((bytes, i) => (found[indexes[i]!] = bytes));
            resolve(values !== undefined);
          });
        }),
    );
    return (await Promise.all(parts)).every(Boolean) ? found : undefined;
  }

  readonly #flush = (): void => {
    const groups = this.#groups;
    this.#waiting = new Map();
    this.#groups = new Map();
    for (const { slots, listeners } of groups.values()) {
      // In a few commands rather than one: Redis works on the next while the values of the last are parsed.
      const size = Math.min(MAX_TICK_KEYS, Math.max(MIN_TICK_KEYS, Math.ceil(slots.length / 4)));
      for (let from = 0; from < slots.length; from += size) {
        const part = slots.length <= size ? slots : slots.slice(from, from + size);
        this.#send('fast', part, 0, (values) => {
          for (let i = 0; i < part.length; i++)
            for (const listener of listeners[from + i]!) listener(values === undefined ? undefined : values[i]!);
        });
      }
    }
  };

  #send(
    lane: RedisLane,
    slots: readonly string[],
    patienceMs: number,
    onDone: (values: Values | undefined) => void,
  ): void {
    // A large answer takes its time on the wire and in the parser.
    const limitMs = Math.max(patienceMs, this.pool.monitor.readBudgetMs() + slots.length * BUDGET_MS_PER_KEY);
    const isOne = slots.length === 1;
    this.#commands.run(
      lane,
      'read',
      limitMs,
      (client, listener) => sendCommand(client, isOne ? 'get' : 'mget', slots, listener),
      (reply) => onDone((isOne && reply !== undefined ? [reply] : reply) as Values | undefined),
    );
  }
}
