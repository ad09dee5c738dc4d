import type { RedisPool } from '../../redis/library.js';
import type { CacheOptions } from '../create-cache.options.js';
import { AnnouncementReceiver } from '../engine/coherence/announcement-receiver.js';
import type { LocalCoherence } from '../engine/coherence/local-coherence.js';
import type { LogFollower } from '../engine/coherence/log-follower.js';
import type { KeyLayout } from '../engine/names/key-layout.js';
import type { OutboxSender } from '../engine/outage/outbox-sender.js';
import type { AnnouncementSource } from '../engine/ports/announcement-source.js';
import { RedisAnnouncements } from '../stores/redis/redis-announcements.js';
import type { RedisInvalidations } from '../stores/redis/redis-invalidations.js';
import type { WakeUps } from '../stores/redis/wake-ups.js';

/** The parts that the bus is connected to. */
export interface BusParts {
  readonly pool: RedisPool;
  readonly layout: KeyLayout;
  readonly options: CacheOptions;
  readonly invalidations: RedisInvalidations;
  readonly sender: OutboxSender;
  readonly coherence: LocalCoherence;
  readonly follower: LogFollower;
  readonly wakeUps: WakeUps;
}

/** Subscribes to the announcements of other instances. */
export function wireBus({
  pool,
  layout,
  options,
  invalidations,
  sender,
  coherence,
  follower,
  wakeUps,
}: BusParts): AnnouncementSource {
  const announcements = options.announcements ?? new RedisAnnouncements(pool);
  const receiver = new AnnouncementReceiver({
    follower,
    coherence,
    repeatTombstones: () => sender.announceTombstones(),
    wake: (memoryKey) => wakeUps.wake(memoryKey),
  });
  announcements.onSubscribed(() => {
    // Messages from before the subscription were missed.
    void follower.catchUp();
    invalidations.requestTombstones();
    sender.announceTombstones();
  });
  announcements.subscribe(layout.channel, (message) => receiver.receive(message));
  return announcements;
}
