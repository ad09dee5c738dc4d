import type { DependencyTable } from '../versions/dependency-table.js';
import type { EventBus } from '../contract/event-bus.js';
import type { InvalidationKind } from '../contract/events.js';
import { timeOf } from '../versions/log-id.js';
import type { OutboxSender } from '../outage/outbox-sender.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import { type KeyLayout, ROOT_GENERATION } from '../names/key-layout.js';
import type { PeerTombstones } from '../outage/peer-tombstones.js';
import { expireLocally, type LocalState, invalidateLocally } from '../local/local-state.js';
import type { LogBody, LogEntry } from '../ports/invalidation-log.js';
import type { Announcement } from './announcement.js';
import type { CoherenceTarget, FlushReason } from './coherence-target.js';

/** Invalidations re-sent in one call. */
const REISSUE_BATCH = 1_000;

/** The parts a {@link LocalCoherence} works with. */
export interface LocalCoherenceParts {
  readonly instanceId: string;
  readonly layout: KeyLayout;
  readonly table: DependencyTable;
  readonly local: LocalState;
  readonly tier: Pick<RemoteTier, 'invalidate' | 'canRead' | 'nowMs'>;
  readonly sender: Pick<OutboxSender, 'sendOrQueue'>;
  readonly peerTombstones: PeerTombstones;
  readonly events: EventBus;
  /** Called for every key that another instance invalidated. */
  readonly onInvalidated: (memoryKey: string) => void;
  /** Called after another instance cleared a namespace: its entries in memory are invalid now. */
  readonly onCleared: () => void;
}

/** Applies the log to this instance: its memory tier, its loads in flight and its knowledge of versions. */
export class LocalCoherence implements CoherenceTarget {
  readonly #parts: LocalCoherenceParts;

  constructor(parts: LocalCoherenceParts) {
    this.#parts = parts;
  }

  apply({ id, body }: LogEntry): void {
    const { instanceId, table, local, peerTombstones, onInvalidated } = this.#parts;
    const writer = { source: body.source, tombstoneSequence: body.tombstoneSequence, redisMs: timeOf(id) };
    // Versions are applied even from this instance's own entries: an older entry, replayed after this instance had fetched
    // the current version, may have reset that version.
    for (const [dependency, version] of body.versions) {
      table.recordFromLog(dependency, version, id, body.source === instanceId ? 'known' : 'new');
      // After an expiry, entries under the version before are still readable.
      if (!body.isExpiry) peerTombstones.liftDependency(dependency, writer);
    }
    // Its own keys were invalidated before Redis acknowledged them. Doing so again would only drop newer entries.
    if (body.source === instanceId) return;
    for (const key of body.keys) {
      if (body.isExpiry) expireLocally(local, key);
      else {
        invalidateLocally(local, key);
        peerTombstones.liftKey(key, writer);
      }
      onInvalidated(key);
    }
    if (kindOf(body) === 'clear') this.#parts.onCleared();
    this.#reportReceived(body);
  }

  /** Applies tombstones: another instance could not remove these entries from Redis, so they are old. */
  applyTombstones({
    source,
    tombstoneSequence,
    keys,
    dependencies,
  }: Extract<Announcement, { kind: 'tombstones' }>): void {
    const { instanceId, layout, table, local, peerTombstones } = this.#parts;
    if (source === instanceId) return;
    const tombstoneSource = { source, tombstoneSequence };
    for (const key of keys) {
      peerTombstones.addKey(key, tombstoneSource, this.#redisMs(layout.addressOf(key).partition));
      invalidateLocally(local, key);
    }
    for (const id of dependencies) {
      peerTombstones.addDependency(id, tombstoneSource, this.#redisMs(layout.dependency(id).partition));
      table.invalidateId(id);
    }
  }

  flush(reason: FlushReason): void {
    const { table, local, events, layout } = this.#parts;
    const { fence, flights, memory } = local;
    const { count, usedBytes: freedBytes } = memory.store;
    memory.store.clear();
    table.forgetAll();
    fence.raiseAll();
    flights.detachAll();
    if (count > 0) events.emit('memoryFlushed', { cache: layout.namespace, reason, count, freedBytes });
  }

  async reissue(entries: readonly LogEntry[]): Promise<void> {
    const { layout, sender } = this.#parts;
    const keys = [...new Set(entries.flatMap(({ body }) => body.keys))];
    const dependencies = [...new Set(entries.flatMap(({ body }) => body.versions.map(([id]) => id)))];
    for (let from = 0; from < Math.max(keys.length, dependencies.length); from += REISSUE_BATCH) {
      await sender.sendOrQueue({
        addresses: keys.slice(from, from + REISSUE_BATCH).map((key) => layout.addressOf(key)),
        dependencies: dependencies.slice(from, from + REISSUE_BATCH),
        mode: 'hard',
      });
    }
  }

  async reset(): Promise<void> {
    const cleared = await this.#parts.tier.invalidate({ addresses: [], dependencies: [ROOT_GENERATION], mode: 'hard' });
    if (cleared === undefined) throw new Error('Redis did not take the reset.');
  }

  /** Now in Redis time; `Infinity` before Redis has told its time, which is before this instance first reads from it. */
  #redisMs(partition: number): number {
    const { tier } = this.#parts;
    return tier.canRead() ? tier.nowMs(partition) : Number.POSITIVE_INFINITY;
  }

  #reportReceived(body: LogBody): void {
    const count = body.keys.length + body.versions.length;
    // The first entry of a log has no content.
    if (count === 0 && !body.isReset) return;
    const { events, layout } = this.#parts;
    events.emit('invalidationReceived', { cache: layout.namespace, kind: kindOf(body), count });
  }
}

function kindOf(body: LogBody): InvalidationKind {
  if (body.isReset) return 'reset';
  if (body.keys.length > 0) return 'keys';
  return body.versions.some(([id]) => id.startsWith('g:')) ? 'clear' : 'tags';
}
