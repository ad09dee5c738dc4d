import type { Clock } from '../../../../common/clock.js';
import type { LogFollower } from '../coherence/log-follower.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import type { EventBus } from '../contract/event-bus.js';
import type { KeyFence } from '../local/key-fence.js';
import type { FlightTable } from '../local/flight-table.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { Outbox } from '../outage/outbox.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { Suppressed } from '../outage/peer-tombstones.js';
import type { WriteOrder } from '../local/write-order.js';

/** The parts every namespace of one cache shares. */
export interface Core {
  readonly clock: Clock;
  readonly table: DependencyTable;
  readonly fence: KeyFence;
  readonly flights: FlightTable;
  readonly outbox: Outbox;
  readonly suppressed: Suppressed;
  readonly order: WriteOrder;
  readonly events: EventBus;
  readonly counters: Counters;
  readonly memory: MemoryLevel;
  /** `undefined`: memory only. */
  readonly remote: RemoteLevel | undefined;
  readonly follower: LogFollower | undefined;
}

/** Counts since start. */
export class Counters {
  memoryHits = 0;
  redisHits = 0;
  staleHits = 0;
  misses = 0;
  fills = 0;
  fillsRejected = 0;
}
