import { RoundBatch } from '../../../../common/round-batch.js';
import type { Flight } from '../local/flight.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { ReadContext, RemoteLevel } from '../remote/remote-level.js';
import type { SlotResult } from '../remote/remote-entry.js';
import type { FlightToLoad } from './lease-step.js';

/** A waiting instance looks at the slot again after this at first, growing, in case the wake-up was lost. */
const FIRST_LOOK_MS = 50;
/** The more loads are under way, the later the look: each costs Redis and this process time that the loads need. */
const FIRST_LOOK_MS_PER_LOAD = 0.05;

/** A look may take this long: another instance loads. */
const LOOK_TIMEOUT_MS = 500;

/** A flight whose slot another instance has leased. */
export interface LeasedElsewhere extends FlightToLoad {
  /** Time left of that lease, milliseconds. */
  readonly leaseLeftMs: number;
}

/**
 * Waits for another instance's load. Wake-ups of one announcement, and looks of one round, become one read of Redis: a lease
 * is asked for again only when the slot is neither leased nor filled.
 */
export class LeaseWait {
  /** Looks of one round, by the kind of their reads. */
  readonly #looks = new Map<string, RoundBatch<Flight, SlotResult | undefined>>();

  constructor(
    private readonly parts: EngineParts,
    private readonly stats: ReadStats,
  ) {}

  /** Settles the flights whose slot was filled. Returns those that need a lease; at the latest after `maxMs`. */
  async run(
    waiting: readonly LeasedElsewhere[],
    settings: CallSettings,
    maxMs: number,
  ): Promise<readonly FlightToLoad[]> {
    if (waiting.length === 0) return [];
    const left = await Promise.all(waiting.map((one) => this.#wait(one, settings, maxMs)));
    return left.filter((one) => one !== undefined);
  }

  async #wait(waiting: LeasedElsewhere, settings: CallSettings, maxMs: number): Promise<FlightToLoad | undefined> {
    const { flight } = waiting;
    const { clock, flights } = this.parts;
    const remote = this.parts.remote!;
    this.stats.coalesced(flight.key, 'remote');
    const untilMs = clock.nowMs() + maxMs;
    const leasedUntilMs = clock.nowMs() + waiting.leaseLeftMs + 1;
    for (let look = 0; ; look++) {
      const firstMs = Math.max(FIRST_LOOK_MS, flights.size * FIRST_LOOK_MS_PER_LOAD);
      const nextMs = firstMs * 2 ** Math.min(look, 6) * (0.5 + Math.random());
      const waitMs = Math.min(nextMs, leasedUntilMs - clock.nowMs(), untilMs - clock.nowMs());
      await remote.tier.waitForChange(flight.address(), Math.max(0, waitMs), flight);
      if (flight.isAbandoned) return undefined;
      const nowMs = clock.nowMs();
      if (nowMs >= untilMs || !remote.mayRead(flight.memoryKey)) return waiting;
      const result = await this.#look(remote, flight, settings);
      const entry = result?.entry;
      if (entry !== undefined && !entry.isStale) {
        flight.succeed({ value: entry.value, isAbsent: entry.isAbsent, hasLateChange: false });
        return undefined;
      }
      if (result?.isLeased === true && nowMs < leasedUntilMs) continue;
      return { ...waiting, seenStoredAtMs: result?.seenStoredAtMs ?? waiting.seenStoredAtMs };
    }
  }

  /** A late answer is waited for: another instance loads. */
  async #look(remote: RemoteLevel, flight: Flight, { readContext }: CallSettings): Promise<SlotResult | undefined> {
    const [result] = await this.#looksOf(remote, readContext).send([flight]);
    if (result?.late === undefined) return result;
    const late = await result.late;
    // Callers that joined since the slot was asked for must not get a value that was invalidated before they did.
    const isCurrent = late?.entry === undefined || this.parts.fence.isUnchanged(flight.memoryKey, late.entry.fenceMark);
    return isCurrent ? late : undefined;
  }

  #looksOf(remote: RemoteLevel, context: ReadContext): RoundBatch<Flight, SlotResult | undefined> {
    const kind = `${context.isStrict} ${context.promotes}`;
    let looks = this.#looks.get(kind);
    if (looks === undefined) {
      looks = new RoundBatch((flights: readonly Flight[]) => {
        const keys = flights.map(({ key }) => key);
        const addresses = flights.map((flight) => flight.address());
        return remote.readMany(context, keys, addresses, LOOK_TIMEOUT_MS);
      });
      this.#looks.set(kind, looks);
    }
    return looks;
  }
}
