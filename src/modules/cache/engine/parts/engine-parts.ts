import type { Clock } from '../../../../common/clock.js';
import type { StoredForms } from '../../codec/stored-forms.js';
import type { LogFollower } from '../coherence/log-follower.js';
import type { EventBus } from '../contract/event-bus.js';
import type { FlightTable } from '../local/flight-table.js';
import type { KeyFence } from '../local/key-fence.js';
import type { MemoryLevel } from '../local/memory-level.js';
import type { QueuedValues } from '../local/queued-values.js';
import type { MemorySweeper } from '../local/memory-sweeper.js';
import type { WriteOrder } from '../local/write-order.js';
import type { Outbox } from '../outage/outbox.js';
import type { OutboxSender } from '../outage/outbox-sender.js';
import type { PeerTombstones } from '../outage/peer-tombstones.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { DependencyTable } from '../versions/dependency-table.js';
import type { Counters } from './counters.js';

/** Parts that every cache has, with Redis or without. */
export interface LocalParts {
  readonly clock: Clock;
  readonly table: DependencyTable;
  readonly fence: KeyFence;
  readonly flights: FlightTable;
  readonly outbox: Outbox;
  readonly peerTombstones: PeerTombstones;
  readonly order: WriteOrder;
  readonly events: EventBus;
  readonly counters: Counters;
  readonly memory: MemoryLevel;
  readonly forms: StoredForms;
  readonly queuedValues: QueuedValues;
  readonly sweeper: MemorySweeper;
}

/** The parts that all namespaces of one cache share. */
export interface EngineParts extends LocalParts {
  /** `undefined` without Redis, like the two below. */
  readonly remote: RemoteLevel | undefined;
  readonly follower: LogFollower | undefined;
  readonly sender: OutboxSender | undefined;
}
