import { type RedisLane, type RedisPool, type Reply, sendCommand } from '../../../redis/library.js';
import { decodeSlot } from '../../codec/envelope.js';
import type { CodecLimits } from '../../codec/envelope.types.js';
import type { ReadSlot, SlotAddress, SlotListener } from '../../engine/ports/remote-tier.js';
import { byPartition } from './partitions.js';
import type { TimedCommands } from './timed-commands.js';

/**
 * Where Redis works on no other command of this process, keys are read in two commands rather than one: Redis works on the
 * second while the values of the first are decoded.
 */
const COMMANDS_WHEN_IDLE = 2;
/** Keys in one command. */
const MIN_KEYS = 16;
const MAX_KEYS = 256;
const BUDGET_MS_PER_KEY = 0.1;
/** For each key that was asked for before, and has not come. */
const BUDGET_MS_PER_PENDING_KEY = 0.05;
/** More keys than this are a batch: they take the bulk lane, where no small command waits behind them. */
const MAX_FAST_KEYS = 16;

/** Called once for each slot of a command, with its place in the command. */
type OnSlot = (index: number, slot: ReadSlot) => void;

/**
 * Reads slots. The reads of one tick become one command: GET for one slot, MGET for more, one command per hash slot in a
 * Cluster. A slot is decoded as soon as it has arrived, while Redis still sends the next. No read waits for a timer. Past
 * the monitor's budget, or the caller's own `minTimeoutMs` where that is longer, the answer is `late`: the caller goes on, and is
 * told again when it comes, within half a second or as long as it is arriving.
 *
 * Listeners instead of promises, because every hit of Redis passes here.
 */
export class SlotReader {
  /** Reads of this tick, by slot: a slot that several callers want is read once. */
  #wanted = new Map<string, WantedSlot>();
  /** The same by partition. */
  #groups = new Map<number, WantedSlot[]>();
  /** Commands that were not answered yet. */
  #pending = 0;
  /** Their keys. */
  #pendingKeys = 0;

  constructor(
    private readonly pool: RedisPool,
    private readonly limits: CodecLimits,
    private readonly commands: TimedCommands,
  ) {}

  read({ slot, partition }: SlotAddress, listener: SlotListener, minTimeoutMs = 0): void {
    // Others of this tick are not to wait as long.
    if (minTimeoutMs > 0) return this.#send('fast', [slot], minTimeoutMs, (_, read) => listener.onSlot(read));
    const known = this.#wanted.get(slot);
    if (known !== undefined) return known.join(listener);
    // Runs when every promise of this tick has settled, so callers that were woken together are served together.
    if (this.#wanted.size === 0) process.nextTick(this.#flush);
    const wanted = new WantedSlot(slot, listener);
    this.#wanted.set(slot, wanted);
    const group = this.#groups.get(partition);
    if (group === undefined) this.#groups.set(partition, [wanted]);
    else group.push(wanted);
  }

  /** Many at once; `onSlot` is told of each, by its place in `addresses`, before this resolves. */
  async readMany(addresses: readonly SlotAddress[], onSlot: OnSlot, minTimeoutMs = 0): Promise<void> {
    const lane = addresses.length > MAX_FAST_KEYS ? 'bulk' : 'fast';
    await Promise.all(
      byPartition(addresses, ({ partition }) => partition, { maxItems: this.#keysPerCommand(addresses.length) }).map(
        ({ items, indexes }) =>
          new Promise<void>((resolve) => {
            const slots = items.map(({ slot }) => slot);
            this.#send(lane, slots, minTimeoutMs, (i, slot) => onSlot(indexes[i]!, slot), resolve);
          }),
      ),
    );
  }

  readonly #flush = (): void => {
    const groups = this.#groups;
    this.#wanted = new Map();
    this.#groups = new Map();
    for (const wanted of groups.values()) {
      const size = this.#keysPerCommand(wanted.length);
      for (let from = 0; from < wanted.length; from += size) {
        const slots = wanted.slice(from, from + size).map(({ slot }) => slot);
        this.#send('fast', slots, 0, (i, slot) => wanted[from + i]!.tell(slot));
      }
    }
  };

  #send(lane: RedisLane, slots: readonly string[], minTimeoutMs: number, onSlot: OnSlot, onDone?: () => void): void {
    // A large answer takes its time on the wire and in the parser.
    const forKeysMs = slots.length * BUDGET_MS_PER_KEY + this.#pendingKeys * BUDGET_MS_PER_PENDING_KEY;
    const limitMs = Math.max(minTimeoutMs, this.pool.monitor.readBudgetMs() + forKeysMs);
    const isOne = slots.length === 1;
    let told = 0;
    this.#pending++;
    this.#pendingKeys += slots.length;
    const onItem = (item: Reply): void => onSlot(told++, this.#decode(item));
    const onLate = (): void => {
      for (let i = told; i < slots.length; i++) onSlot(i, 'late');
      onDone?.();
    };
    this.commands.run(
      lane,
      'read',
      limitMs,
      (client, listener) => sendCommand(client, isOne ? 'get' : 'mget', slots, listener),
      (reply) => {
        this.#pending--;
        this.#pendingKeys -= slots.length;
        if (Array.isArray(reply)) for (const item of reply) onItem(item);
        else if (reply !== undefined) onItem(reply);
        while (told < slots.length) onSlot(told++, undefined);
        onDone?.();
      },
      onItem,
      { limitMs: Math.max(limitMs, this.pool.monitor.lateReadMs()), onLate },
    );
  }

  #decode(reply: Reply): ReadSlot {
    return Buffer.isBuffer(reply) ? decodeSlot(reply, this.limits) : 'empty';
  }

  #keysPerCommand(keys: number): number {
    const commands = this.#pending === 0 ? COMMANDS_WHEN_IDLE : 1;
    return Math.min(MAX_KEYS, Math.max(MIN_KEYS, Math.ceil(keys / commands)));
  }
}

/** A slot to read, and its readers: hardly ever more than one. */
class WantedSlot {
  #others: SlotListener[] | undefined;

  constructor(
    readonly slot: string,
    private readonly listener: SlotListener,
  ) {}

  join(listener: SlotListener): void {
    (this.#others ??= []).push(listener);
  }

  tell(slot: ReadSlot): void {
    this.listener.onSlot(slot);
    if (this.#others !== undefined) for (const other of this.#others) other.onSlot(slot);
  }
}
