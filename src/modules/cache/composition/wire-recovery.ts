import type { RedisPool } from '../../redis/library.js';
import type { LogFollower } from '../engine/coherence/log-follower.js';
import type { OutboxSender } from '../engine/outage/outbox-sender.js';
import type { EntryValidator } from '../engine/remote/entry-validator.js';
import type { RedisLayout } from '../stores/redis/redis-layout.js';
import type { RedisInvalidations } from '../stores/redis/redis-invalidations.js';

/** After a change of server, entries from before are invalid for this long: other instances re-send what the server lost. */
const REJECTION_MS = 2_000;

/** The parts that a recovery works with. */
export interface RecoveryParts {
  readonly pool: RedisPool;
  readonly agreement: RedisLayout;
  readonly invalidations: RedisInvalidations;
  readonly sender: OutboxSender;
  readonly validator: EntryValidator;
  readonly follower: LogFollower;
}

/**
 * Adds the cache's step to the recovery of Redis. Before Redis is trusted again, (1) its layout is compared, (2) the outbox is
 * sent, then (3) the log is read up to its end. Where Redis can only be read, the outbox goes on waiting, and its entries are not read meanwhile.
 *
 * @returns a function that removes the step.
 */
export function wireRecovery({
  pool,
  agreement,
  invalidations,
  sender,
  validator,
  follower,
}: RecoveryParts): () => void {
  let hasRecovered = false;
  let mayLackWrites = false;
  return pool.monitor.addRecoveryStep(async ({ mayHaveLostWrites, isWritable }) => {
    if (!(await agreement.agree())) {
      if (agreement.refusal === undefined) throw new Error('The layout in Redis could not be read.');
      // Others use the pool. This cache compares the layout again at every heartbeat.
      mayLackWrites ||= hasRecovered && mayHaveLostWrites;
      return;
    }
    // Asked here and when the bus is heard: whichever connection is made last, the request leaves and the answer arrives.
    invalidations.requestTombstones();
    // A process that never trusted Redis has no knowledge of its own to compare with, and starts with the content of Redis.
    mayLackWrites ||= hasRecovered && mayHaveLostWrites;
    if (isWritable && !(await sender.send())) throw new Error('Invalidations still wait to be sent.');
    if (mayLackWrites) validator.rejectEntriesStoredBeforeNow(REJECTION_MS);
    if (!(await follower.catchUp())) throw new Error('The invalidation log could not be read.');
    hasRecovered = true;
    // An instance that can't write yet re-sends the lost invalidations once it can.
    if (isWritable) mayLackWrites = false;
  });
}
