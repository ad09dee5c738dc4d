import type { EntryOptions, LoadManyOptions, WriteReceipt } from '../contract/cache.js';
import type { CacheEvents } from '../contract/events.js';
import { estimateSize } from '../../codec/estimate-size.js';
import { invalidateLocally } from '../local/local-state.js';
import type { Namespace } from '../names/namespace.js';
import { type CallSettings, jittered, settingsOf } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import { entryTimes } from '../parts/entry-times.js';
import type { Invalidation, SlotAddress } from '../ports/remote-tier.js';
import { versionsInHeader } from '../remote/entry-header.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { Dependency, VersionSnapshot } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

type Operation = CacheEvents['write']['operation'];

const APPLIED: WriteReceipt = { status: 'applied' };
const QUEUED: WriteReceipt = { status: 'queued' };

/** A `set` with the state of this instance at its call. */
interface PendingPut {
  readonly key: string;
  readonly value: unknown;
  readonly settings: CallSettings;
  readonly tags: readonly Dependency[];
  readonly freshMs: number;
  /** `DependencyTable.sequence` at the call. */
  readonly startSequence: number;
  /** `KeyFence` mark at the call. */
  readonly fenceMark: number;
  readonly calledAtMs: number;
  /** `localChanges` of the generations and tags at the call. */
  readonly localChanges: readonly number[];
}

/** What became of a value that was sent to Redis. */
interface PutOutcome {
  readonly receipt: WriteReceipt;
  /** False for a value that is too large: the slot in Redis is empty now. */
  readonly isStorable: boolean;
  /** Bytes of the encoded value; 0 if it was not stored in Redis. */
  readonly payloadBytes: number;
  readonly remoteStoredAtMs: number | undefined;
}

const NOT_SENT: PutOutcome = { receipt: APPLIED, isStorable: true, payloadBytes: 0, remoteStoredAtMs: undefined };

/**
 * Writes and invalidations. Each of them takes effect on this instance before it is sent, and again when it is acknowledged,
 * since a read may have brought the old value back in between. A write that Redis does not acknowledge goes to the outbox.
 */
export class WritePath {
  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
  ) {}

  async set(key: string, value: unknown, options: EntryOptions | undefined): Promise<WriteReceipt> {
    const { table, fence, order, clock } = this.parts;
    const settings = settingsOf(this.namespace, options as LoadManyOptions<never> | undefined);
    const memoryKey = this.namespace.memoryKey(key);
    const tags = this.namespace.tags(settings.tags);
    const startSequence = table.sequence;
    invalidateLocally(this.parts, memoryKey);
    const freshMs = jittered(settings.ttlMs, settings.jitter);
    const localChanges = [...this.namespace.generations, ...tags].map((dependency) => dependency.localChanges);
    const put: PendingPut = {
      key,
      value,
      settings,
      tags,
      freshMs,
      startSequence,
      fenceMark: fence.mark(),
      calledAtMs: clock.nowMs(),
      localChanges,
    };
    return order.put(memoryKey, () => this.#put(put));
  }

  async #put(put: PendingPut): Promise<WriteReceipt> {
    const { table, remote } = this.parts;
    const dependencies = [...this.namespace.generations, ...put.tags];
    const target = put.settings.usesRedis ? remote : undefined;
    if (target?.tier.canRead()) await this.#ensureVersions(target, dependencies, put.tags);
    // A tag was invalidated since the call, so the value counts as written before the invalidation.
    if (put.tags.some((tag) => table.hasChangedSince(tag.id, put.startSequence)))
      return this.#remove([this.namespace.address(put.key)]);
    const snapshot = table.snapshot(dependencies);
    const outcome = target === undefined ? NOT_SENT : await this.#send(target, put, dependencies);
    const isLatest = this.#keepInMemory(put, snapshot, outcome);
    if (isLatest && outcome.receipt === QUEUED) this.#keepForRedis(put, dependencies);
    return this.#report('set', outcome.receipt, 1);
  }

  /** A tag that is new to this instance may have changed before it was known here, so the log is read. */
  async #ensureVersions(
    remote: RemoteLevel,
    dependencies: readonly Dependency[],
    tags: readonly Dependency[],
  ): Promise<void> {
    const hasNewTag = tags.some((tag) => tag.version === undefined);
    await remote.versions.ensureKnown(dependencies);
    if (hasNewTag) await this.parts.follower?.catchUp();
  }

  async #send(
    { tier }: RemoteLevel,
    { key, value, settings, freshMs }: PendingPut,
    dependencies: readonly Dependency[],
  ): Promise<PutOutcome> {
    const versions = dependencies.map((dependency): Version | undefined => dependency.version);
    const address = this.namespace.address(key);
    const isTimeKnown = tier.canWrite() && (await tier.synchronise([address]));
    const redisMs = tier.nowMs(address.partition);
    const header = {
      ...entryTimes(redisMs, freshMs, settings.graceMs),
      loadMs: 0,
      isAbsent: false,
      ...versionsInHeader(this.namespace, dependencies, versions),
    };
    const canSend = isTimeKnown && !versions.includes(undefined);
    const written = canSend ? await tier.put(address, header, value, settings) : undefined;
    // The old value may still be there, and the new one may yet arrive: both are invalid until the outbox has been sent.
    if (written === undefined) return { ...NOT_SENT, receipt: this.#queueKeys([address]) };
    if (written.sizeBytes === undefined) return { ...NOT_SENT, isStorable: false };
    return { receipt: APPLIED, isStorable: true, payloadBytes: written.sizeBytes, remoteStoredAtMs: redisMs };
  }

  /** Returns whether no other write or invalidation of the key came meanwhile. */
  #keepInMemory(
    { key, value, settings, freshMs, fenceMark }: PendingPut,
    snapshot: VersionSnapshot,
    outcome: PutOutcome,
  ): boolean {
    const { fence, table, memory, clock } = this.parts;
    const memoryKey = this.namespace.memoryKey(key);
    // A write of another instance that came meanwhile has raised the fence: then the stored value is not this one.
    const isLatest = fence.isUnchanged(memoryKey, fenceMark);
    // Reads that began before the write landed may still bring the old value.
    invalidateLocally(this.parts, memoryKey);
    if (!settings.usesMemory || !outcome.isStorable || !isLatest || table.check(snapshot) === 'invalidated')
      return isLatest;
    memory.put(memoryKey, {
      value,
      isAbsent: false,
      ...entryTimes(clock.nowMs(), freshMs, settings.graceMs),
      loadMs: 0,
      snapshot,
      payloadBytes: outcome.payloadBytes,
      remoteStoredAtMs: outcome.remoteStoredAtMs,
    });
    return isLatest;
  }

  /** Keeps a value that Redis did not acknowledge, to be sent when Redis is there. */
  #keepForRedis(
    { key, value, settings, freshMs, calledAtMs, localChanges }: PendingPut,
    dependencies: readonly Dependency[],
  ): void {
    this.parts.queuedValues.add({
      address: this.namespace.address(key),
      value,
      sizeBytes: estimateSize(value),
      calledAtMs,
      freshMs,
      graceMs: settings.graceMs,
      compressAboveBytes: settings.compressAboveBytes,
      dependencies,
      localChanges,
      versionsInHeader: () =>
        versionsInHeader(
          this.namespace,
          dependencies,
          dependencies.map((dependency) => dependency.version),
        ),
    });
  }

  async delete(keys: readonly string[]): Promise<WriteReceipt> {
    const addresses = [...new Set(keys)].map((key) => this.namespace.address(key));
    this.#invalidateHere(addresses);
    await this.parts.order.settled(addresses.map(({ memoryKey }) => memoryKey));
    return this.#remove(addresses);
  }

  async #remove(addresses: readonly SlotAddress[]): Promise<WriteReceipt> {
    this.#invalidateHere(addresses);
    const isApplied = await this.#invalidateInRedis({ addresses, dependencies: [], mode: 'hard' });
    this.#invalidateHere(addresses);
    return this.#report('delete', isApplied ? APPLIED : this.#queueKeys(addresses), addresses.length);
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteReceipt> {
    const receipt = await this.#invalidate(this.namespace.tags([...new Set(tags)]), 'hard');
    return this.#report('invalidateTags', receipt, tags.length);
  }

  async expireTags(tags: readonly string[]): Promise<WriteReceipt> {
    const receipt = await this.#invalidate(this.namespace.tags([...new Set(tags)]), 'soft');
    return this.#report('expireTags', receipt, tags.length);
  }

  async clear(): Promise<WriteReceipt> {
    const receipt = await this.#invalidate([this.namespace.generation], 'hard');
    this.parts.events.emit('memoryFlushed', { cache: this.namespace.name, reason: 'clear' });
    return this.#report('clear', receipt, 1);
  }

  async #invalidate(dependencies: readonly Dependency[], mode: 'hard' | 'soft'): Promise<WriteReceipt> {
    const { table, sender } = this.parts;
    const changeHere = (): void => {
      for (const dependency of dependencies) {
        if (mode === 'hard') table.invalidate(dependency);
        else table.expire(dependency);
      }
    };
    changeHere();
    const ids = dependencies.map((dependency) => dependency.id);
    if (await this.#invalidateInRedis({ addresses: [], dependencies: ids, mode })) return APPLIED;
    changeHere();
    sender!.queue([], ids, mode);
    return QUEUED;
  }

  /** Returns whether the invalidation holds on every instance: Redis acknowledged it, or there is no Redis. */
  async #invalidateInRedis(invalidation: Invalidation): Promise<boolean> {
    const { remote, table } = this.parts;
    if (remote === undefined || (invalidation.addresses.length === 0 && invalidation.dependencies.length === 0))
      return true;
    const acknowledged = remote.tier.canInvalidate() ? await remote.tier.invalidate(invalidation) : undefined;
    if (acknowledged === undefined) return false;
    for (const [id, { version, at }] of acknowledged.versions) table.recordFromLog(id, version, at);
    return true;
  }

  #invalidateHere(addresses: readonly SlotAddress[]): void {
    for (const { memoryKey } of addresses) invalidateLocally(this.parts, memoryKey);
  }

  #queueKeys(addresses: readonly SlotAddress[]): WriteReceipt {
    this.parts.sender!.queue(addresses, [], 'hard');
    return QUEUED;
  }

  #report(operation: Operation, receipt: WriteReceipt, count: number): WriteReceipt {
    this.parts.events.emit('write', { cache: this.namespace.name, operation, status: receipt.status, count });
    return receipt;
  }
}
