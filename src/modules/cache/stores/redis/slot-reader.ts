import type { Clock } from '../../../../common/clock.js';
import type { RedisLane, RedisPool } from '../../../redis/core.js';
import type { SlotAddress } from '../../engine/remote-tier.js';

/** Keys in one command at most: a reply of a few hundred values is about as large as a socket takes at once. */
const MAX_KEYS = 512;
/** Reads of one tick in one command. */
const MIN_TICK_KEYS = 16;
const MAX_TICK_KEYS = 128;
const BUDGET_MS_PER_KEY = 0.1;
/** More keys than this are a batch: they go the lane where nobody waits behind them. */
const MAX_FAST_KEYS = 16;

/** The bytes in a slot, `null` for none, `undefined` when Redis did not answer in time. */
export type SlotBytes = Buffer | null | undefined;

interface Waiting {
  readonly slot: string;
  readonly bytes: Promise<SlotBytes>;
  resolve: (bytes: SlotBytes) => void;
}

/**
 * Reads slots. Reads that are asked for in one tick become one command: GET for one, MGET for more, one per hash slot in
 * a Cluster. No read waits for a timer. Past the monitor's budget, or the caller's own patience where that is longer, the
 * answer is "unavailable" and the caller goes on.
 */
export class SlotReader {
  /** Reads of this tick, by slot: a slot that several callers want is read once. */
  #waiting = new Map<string, Waiting>();
  /** The same by partition. */
  #groups = new Map<number, Waiting[]>();

  constructor(
    private readonly pool: RedisPool,
    private readonly clock: Clock,
  ) {}

  read({ slot, partition }: SlotAddress, patienceMs = 0): Promise<SlotBytes> {
    // Others of this tick are not to wait as long.
    if (patienceMs > 0) return this.#command([slot], 'fast', patienceMs).then((values) => values?.[0]);
    const known = this.#waiting.get(slot);
    if (known !== undefined) return known.bytes;
    let resolve!: Waiting['resolve'];
    const bytes = new Promise<SlotBytes>((settle) => (resolve = settle));
    const waiting = { slot, bytes, resolve };
    // Runs when every promise of this tick has settled, so callers that were woken together are served together.
    if (this.#waiting.size === 0) process.nextTick(this.#flush);
    this.#waiting.set(slot, waiting);
    const group = this.#groups.get(partition);
    if (group === undefined) this.#groups.set(partition, [waiting]);
    else group.push(waiting);
    return bytes;
  }

  /** Many at once, in order; `undefined` when any part could not be read. */
  async readMany(addresses: readonly SlotAddress[], patienceMs = 0): Promise<(Buffer | null)[] | undefined> {
    const groups = new Map<number, number[]>();
    addresses.forEach(({ partition }, i) => {
      const group = groups.get(partition);
      if (group === undefined) groups.set(partition, [i]);
      else group.push(i);
    });
    const found: (Buffer | null)[] = new Array(addresses.length).fill(null);
    const parts: Promise<boolean>[] = [];
    for (const indexes of groups.values()) {
      for (let from = 0; from < indexes.length; from += MAX_KEYS) {
        const part = indexes.slice(from, from + MAX_KEYS);
        parts.push(
          this.#command(
            part.map((i) => addresses[i]!.slot),
            addresses.length > MAX_FAST_KEYS ? 'bulk' : 'fast',
            patienceMs,
          ).then((values) => {
            values?.forEach((bytes, j) => (found[part[j]!] = bytes));
            return values !== undefined;
          }),
        );
      }
    }
    return (await Promise.all(parts)).every(Boolean) ? found : undefined;
  }

  readonly #flush = (): void => {
    const groups = this.#groups;
    this.#waiting = new Map();
    this.#groups = new Map();
    for (const group of groups.values()) {
      // In a few commands rather than one: Redis works on the next while the values of the last are parsed.
      const size = Math.min(MAX_TICK_KEYS, Math.max(MIN_TICK_KEYS, Math.ceil(group.length / 4)));
      if (group.length <= size) void this.#serve(group);
      else for (let from = 0; from < group.length; from += size) void this.#serve(group.slice(from, from + size));
    }
  };

  async #serve(group: readonly Waiting[]): Promise<void> {
    const values = await this.#command(
      group.map(({ slot }) => slot),
      'fast',
    );
    for (let i = 0; i < group.length; i++) group[i]!.resolve(values === undefined ? undefined : values[i]!);
  }

  #command(slots: readonly string[], lane: RedisLane, patienceMs = 0): Promise<(Buffer | null)[] | undefined> {
    const { monitor } = this.pool;
    return new Promise((resolve) => {
      const askedAtMs = this.clock.nowMs();
      // A large answer takes its time on the wire and in the parser.
      const budgetMs = Math.max(patienceMs, monitor.readBudgetMs() + slots.length * BUDGET_MS_PER_KEY);
      let isOpen = true;
      const giveUp = (): void => {
        if (!isOpen) return;
        isOpen = false;
        monitor.recordFailure('read', new Error('Command timed out'));
        resolve(undefined);
      };
      // After a stall of the event loop the timer fires before an answer that is already here is read: look once more.
      const timer = this.clock.setTimer(() => setImmediate(giveUp), budgetMs);
      const settle = (values: (Buffer | null)[]): void => {
        timer.cancel();
        if (!isOpen) return;
        isOpen = false;
        monitor.recordSuccess('read', this.clock.nowMs() - askedAtMs);
        resolve(values);
      };
      const fail = (error: unknown): void => {
        timer.cancel();
        if (!isOpen) return;
        isOpen = false;
        monitor.recordFailure('read', error);
        resolve(undefined);
      };
      try {
        const client = this.pool.client(lane);
        if (slots.length === 1) client.getBuffer(slots[0]!).then((bytes) => settle([bytes]), fail);
        else client.mgetBuffer(slots as string[]).then(settle, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}
