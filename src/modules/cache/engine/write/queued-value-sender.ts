import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { freshRandomBytes } from '../../../../common/random-bytes.js';
import type { QueuedValue, QueuedValues } from '../local/queued-values.js';
import type { KeyLayout } from '../names/key-layout.js';
import type { Outbox } from '../outage/outbox.js';
import { entryTimes } from '../parts/entry-times.js';
import type { InvalidationLog } from '../ports/invalidation-log.js';
import type { Fill, Lease, LeaseRequest, RemoteTier } from '../ports/remote-tier.js';
import { type RemoteVersions, WRITE_MS } from '../remote/remote-versions.js';
import { recordLost, storedVersions } from '../remote/stored-versions.js';
import { compareLogIds, type LogId } from '../versions/log-id.js';

const LEASE_MS = 2_000;
const TOKEN_BYTES = 12;
const RETRY_MS = 1_000;
const READ_LIMIT = 1_000;
/** The log is read from this long before a `set`: how far apart the clocks of a server and its successor may be. */
const LOG_MARGIN_MS = 1_000;

/** The parts a {@link QueuedValueSender} works with. */
export interface QueuedValueSenderParts {
  readonly instanceId: string;
  readonly values: QueuedValues;
  readonly outbox: Outbox;
  readonly tier: RemoteTier;
  readonly versions: RemoteVersions;
  readonly log: InvalidationLog;
  readonly layout: KeyLayout;
  readonly clock: Clock;
}

/** Invalidations of other instances in one partition, as its log lists them. */
interface PartitionChanges {
  /** Memory keys, and ids of tags and generations. */
  readonly ids: ReadonlySet<string>;
  /** True if the log does not reach back far enough: anything may have changed. */
  readonly isAll: boolean;
}

/**
 * Sends the values of `set`s that Redis did not acknowledge, once the removals of the old values were sent.
 *
 * Invariant: a value is stored only if nothing invalidated it since its `set` was called. A `set` may be seconds old by then,
 * so its value is treated as the result of a load that began at the call. In this order:
 *
 * 1. A lease is taken on the slot. Where another instance has stored or loads a newer value, this one is dropped.
 * 2. The current versions of its tags and generations are fetched.
 * 3. The log is read from the call on. A value that another instance invalidated since, or may have, is dropped. What this
 *    instance invalidated since is known here (`QueuedValues.drop`, `Dependency.localChanges`).
 * 4. The fill stores it if the lease is still held: an invalidation after step 1 has removed the lease.
 *
 * The entry says that it was stored at the time of the call: it lives no longer than its ttl, and instances that saw a change of
 * server since distrust it like any other entry from before.
 */
export class QueuedValueSender {
  readonly #parts: QueuedValueSenderParts;
  #sending: Promise<void> | undefined;
  #retry: TimerHandle | undefined;
  #isClosed = false;

  constructor(parts: QueuedValueSenderParts) {
    this.#parts = parts;
  }

  /** Sends the queued values, if Redis takes them now. Values that it does not take are tried again. */
  send(): Promise<void> {
    return (this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#parts.values.size > 0) this.#scheduleRetry();
    }));
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#parts.values.clear();
  }

  #scheduleRetry(): void {
    if (this.#retry !== undefined || this.#isClosed) return;
    this.#retry = this.#parts.clock.setTimer(() => {
      this.#retry = undefined;
      void this.send();
    }, RETRY_MS);
  }

  async #sendAll(): Promise<void> {
    const { values, tier } = this.#parts;
    const ready = values.all().filter((value) => this.#isCurrent(value) && !this.#waitsForOutbox(value));
    if (ready.length === 0 || !tier.canWrite()) return;
    const leased = await this.#lease(ready);
    if (leased.length === 0) return;
    const isUnchanged = await this.#changesCheck(leased.map(({ queued }) => queued));
    const toFill: LeasedValue[] = [];
    for (const one of leased) {
      if (isUnchanged !== undefined && this.#isCurrent(one.queued) && isUnchanged(one.queued)) toFill.push(one);
      else {
        tier.release([one.lease]);
        if (isUnchanged !== undefined) this.#drop(one.queued);
      }
    }
    if (toFill.length === 0) return;
    const fills = toFill.map((one) => this.#toFill(one));
    const outcomes = await tier.fill(fills);
    outcomes.forEach(({ kind }, i) => {
      const { queued, lease } = toFill[i]!;
      if (kind === 'outdated') {
        // Tried again under the versions that Redis has then.
        recordLost(queued.dependencies, fills[i]!.versions);
        tier.release([lease]);
      } else if (kind !== 'unavailable') this.#drop(queued);
    });
  }

  /** False for a value that is dropped: it was written or invalidated here since, or its lifetime is over. */
  #isCurrent(value: QueuedValue): boolean {
    const { values, clock } = this.#parts;
    if (!values.has(value)) return false;
    const isAlive = clock.nowMs() < value.calledAtMs + value.freshMs + value.graceMs;
    if (isAlive && value.dependencies.every(({ localChanges }, i) => localChanges === value.localChanges[i]))
      return true;
    this.#drop(value);
    return false;
  }

  #waitsForOutbox({ address, dependencies }: QueuedValue): boolean {
    const { outbox } = this.#parts;
    return outbox.hasKey(address.memoryKey) || dependencies.some(({ id }) => outbox.modeOf(id) !== undefined);
  }

  #drop(value: QueuedValue): void {
    if (this.#parts.values.has(value)) this.#parts.values.drop(value.address.memoryKey);
  }

  async #lease(values: readonly QueuedValue[]): Promise<LeasedValue[]> {
    const { tier } = this.#parts;
    const requests = values.map(({ address }): LeaseRequest => {
      return { address, token: freshRandomBytes(TOKEN_BYTES).toString('base64url'), seenStoredAtMs: undefined };
    });
    const replies = await tier.lease(requests, 'load', LEASE_MS, RETRY_MS);
    const leased: LeasedValue[] = [];
    replies.forEach((reply, i) => {
      // Without a reply the script may still run.
      if (reply === undefined) tier.release([requests[i]!]);
      else if (reply.kind === 'granted') leased.push({ lease: requests[i]!, queued: values[i]! });
      else this.#drop(values[i]!);
    });
    return leased;
  }

  /** Tells of each value whether nothing changed since its `set`. `undefined`: Redis could not say. */
  async #changesCheck(values: readonly QueuedValue[]): Promise<((value: QueuedValue) => boolean) | undefined> {
    const { versions, tier } = this.#parts;
    if (!(await versions.hold([...new Set(values.flatMap(({ dependencies }) => dependencies))], WRITE_MS)))
      return undefined;
    const sinceMs = Math.min(...values.map(({ calledAtMs }) => calledAtMs)) - LOG_MARGIN_MS;
    const partitions = [...new Set(values.flatMap((value) => this.#partitionsOf(value)))];
    const found = new Map<number, PartitionChanges>();
    for (const partition of partitions) {
      const changes = await this.#changesSince(partition, tier.nowMs(partition, sinceMs));
      if (changes === undefined) return undefined;
      found.set(partition, changes);
    }
    return (value) => {
      const changes = this.#partitionsOf(value).map((partition) => found.get(partition)!);
      const ids = [value.address.memoryKey, ...value.dependencies.map(({ id }) => id)];
      return changes.every(({ isAll }) => !isAll) && !ids.some((id) => changes.some((change) => change.ids.has(id)));
    };
  }

  #partitionsOf({ address, dependencies }: QueuedValue): number[] {
    return [address.partition, ...dependencies.map(({ id }) => this.#parts.layout.dependency(id).partition)];
  }

  async #changesSince(partition: number, sinceRedisMs: number): Promise<PartitionChanges | undefined> {
    const { log, instanceId } = this.#parts;
    const start: LogId = `${Math.max(0, Math.floor(sinceRedisMs))}-0`;
    const ids = new Set<string>();
    let last: LogId | undefined;
    for (;;) {
      const entries = await log.readAfter(partition, last ?? start, READ_LIMIT);
      if (entries === undefined) return undefined;
      for (const { id, previous, body } of entries) {
        const isGap = last === undefined ? compareLogIds(previous, start) > 0 : previous !== last;
        if (isGap || body.isReset) return { ids, isAll: true };
        last = id;
        if (body.source === instanceId) continue;
        for (const key of body.keys) ids.add(key);
        for (const [dependency] of body.versions) ids.add(dependency);
      }
      if (entries.length < READ_LIMIT) return { ids, isAll: false };
    }
  }

  #toFill({ lease, queued }: LeasedValue): Fill {
    const { calledAtMs, freshMs, graceMs, address, value, compressAboveBytes } = queued;
    const storedAtMs = this.#parts.tier.nowMs(address.partition, calledAtMs);
    const header = {
      ...entryTimes(storedAtMs, freshMs, graceMs),
      loadMs: 0,
      isAbsent: false,
      ...queued.versionsInHeader(),
    };
    const known = queued.dependencies.map(({ version }) => version);
    const versions = storedVersions(queued, queued.dependencies, known, header);
    return { ...lease, header, value, compressAboveBytes, versions };
  }
}

/** A queued value with the lease on its slot. */
interface LeasedValue {
  readonly lease: Lease;
  readonly queued: QueuedValue;
}
