import { parseAnnouncement } from './announcement.js';
import type { LocalCoherence } from './local-coherence.js';
import type { LogFollower } from './log-follower.js';

/** The parts that an announcement may concern. */
export interface AnnouncementReceiverParts {
  readonly follower: LogFollower;
  readonly coherence: LocalCoherence;
  /** Repeats the tombstones of this instance's outbox. */
  readonly repeatTombstones: () => void;
  /** Wakes the reads that wait for a leased slot. */
  readonly wake: (memoryKey: string) => void;
}

/** Hands every message of the bus to the part that it concerns. Foreign messages are ignored. */
export class AnnouncementReceiver {
  constructor(private readonly parts: AnnouncementReceiverParts) {}

  receive(message: unknown): void {
    const announcement = parseAnnouncement(message);
    switch (announcement?.kind) {
      case 'invalidation':
        return this.parts.follower.receive(announcement.partition, announcement.entry);
      case 'wake':
        return announcement.keys.forEach((memoryKey) => this.parts.wake(memoryKey));
      case 'tombstones':
        return this.parts.coherence.applyTombstones(announcement);
      case 'tombstone-request':
        return this.parts.repeatTombstones();
      case undefined:
    }
  }
}
