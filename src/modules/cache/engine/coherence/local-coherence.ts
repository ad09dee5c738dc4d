import type { DependencyTable } from '../versions/dependency-table.js';
import type { EventBus } from '../contract/event-bus.js';
import type { InvalidationKind } from '../contract/events.js';
import { timeOf } from '../versions/log-id.js';
import type { OutboxSender } from '../outage/outbox-sender.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import type { KeyLayout } from '../names/key-layout.js';
import type { Suppressed } from '../outage/peer-tombstones.js';
import { type HeldKeys, voidKey } from '../local/local-state.js';
import type { LogBody, LogEntry } from '../ports/invalidation-log.js';
import type { Announcement } from './announcement.js';
import type { CoherenceTarget, FlushReason } from './coherence-target.js';

/** Invalidations re-sent in one call. */
const REISSUE_BATCH = 1_000;

/** Applies the log to this instance: its memory tier, its loads in flight and what it knows of versions. */
export class LocalCoherence implements CoherenceTarget {
  constructor(
    private readonly instanceId: string,
    private readonly layout: KeyLayout,
    private readonly table: DependencyTable,
    private readonly held: HeldKeys,
    private readonly tier: Pick<RemoteTier, 'invalidate' | 'canRead' | 'nowMs'>,
    private readonly sender: Pick<OutboxSender, 'sendOrQueue'>,
    private readonly suppressed: Suppressed,
    private readonly events: EventBus,
    private readonly onChanged: (memoryKey: string) => void,
  ) {}

  apply({ id, body }: LogEntry): void {
    const writer = { source: body.source, advised: body.advised, redisMs: timeOf(id) };
    // Versions count whoever set them: an older entry, read after this instance had asked Redis, may have taken its own away.
    for (const [dependency, version] of body.versions) {
      this.table.apply(dependency, version, id);
      // An expiry leaves what was stored before readable.
      if (!body.isExpiry) this.suppressed.liftDependency(dependency, writer);
    }
    // Its own keys were void before it was acknowledged; doing so again would only drop newer entries.
    if (body.source === this.instanceId) return;
    for (const key of body.keys) {
      voidKey(this.held, key);
      this.suppressed.liftKey(key, writer);
      this.onChanged(key);
    }
    const count = body.keys.length + body.versions.length;
    // The first entry of a log says nothing.
    if (count > 0 || body.isReset)
      this.events.emit('invalidationReceived', { cache: this.layout.namespace, kind: kindOf(body), count });
  }

  /** Another instance could not invalidate these in Redis: what is there is old. */
  suppress({ source, advised, keys, dependencies }: Extract<Announcement, { kind: 'advice' }>): void {
    if (source === this.instanceId) return;
    const adviser = { source, advised };
    for (const key of keys) {
      this.suppressed.addKey(key, adviser, this.#redisMs(this.layout.addressOf(key).partition));
      voidKey(this.held, key);
    }
    for (const id of dependencies) {
      this.suppressed.addDependency(id, adviser, this.#redisMs(this.layout.dependency(id).partition));
      this.table.invalidateId(id);
    }
  }

  /** Redis has told its time before it is first read from. */
  #redisMs(partition: number): number {
    return this.tier.canRead() ? this.tier.nowMs(partition) : Number.POSITIVE_INFINITY;
  }

  flush(reason: FlushReason): void {
    const { fence, flights, memory } = this.held;
    const hadEntries = memory.store.count > 0;
    memory.store.clear();
    this.table.forgetAll();
    fence.raiseAll();
    flights.detachAll();
    if (hadEntries) this.events.emit('memoryFlushed', { cache: this.layout.namespace, reason });
  }

  async reissue(entries: readonly LogEntry[]): Promise<void> {
    const keys = [...new Set(entries.flatMap(({ body }) => body.keys))];
    const dependencies = [...new Set(entries.flatMap(({ body }) => body.versions.map(([id]) => id)))];
    for (let from = 0; from < Math.max(keys.length, dependencies.length); from += REISSUE_BATCH) {
      await this.sender.sendOrQueue({
        addresses: keys.slice(from, from + REISSUE_BATCH).map((key) => this.layout.addressOf(key)),
        dependencies: dependencies.slice(from, from + REISSUE_BATCH),
        mode: 'hard',
      });
    }
  }

  async reset(): Promise<void> {
    const applied = await this.tier.invalidate({ addresses: [], dependencies: ['g:'], mode: 'hard' });
    if (applied === undefined) throw new Error('Redis did not take the reset.');
  }
}

function kindOf(body: LogBody): InvalidationKind {
  if (body.isReset) return 'reset';
  if (body.keys.length > 0) return 'keys';
  return body.versions.some(([id]) => id.startsWith('g:')) ? 'clear' : 'tags';
}
