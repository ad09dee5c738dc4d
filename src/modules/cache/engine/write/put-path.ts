import { estimateSize } from '../../codec/estimate-size.js';
import type { StoredForm } from '../../codec/stored-form.js';
import { UnstorableValueError } from '../../codec/unstorable-value.error.js';
import type { EnvelopeHeader } from '../../codec/envelope.types.js';
import type { WriteReceipt } from '../contract/cache.js';
import { invalidateLocally } from '../local/local-state.js';
import type { Namespace } from '../names/namespace.js';
import { type CallSettings, jittered } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import { entryTimes } from '../parts/entry-times.js';
import type { PutAck, SlotAddress, StoredVersion } from '../ports/remote-tier.js';
import { versionsInHeader } from '../remote/entry-header.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import { WRITE_MS } from '../remote/remote-versions.js';
import { recordKept, recordLost, storedVersions } from '../remote/stored-versions.js';
import type { Dependency } from '../versions/dependency-table.js';
import { APPLIED, type Invalidator, QUEUED } from '../parts/invalidator.js';

/** A value to store, with the state of this instance at the call. */
interface PendingPut {
  readonly key: string;
  /** As the tiers keep it. */
  readonly value: unknown;
  readonly settings: CallSettings;
  /** Generations of the namespace, then tags. */
  readonly dependencies: readonly Dependency[];
  /** `DependencyTable.sequence` at the call. */
  readonly startSequence: number;
  readonly calledAtMs: number;
  /** `localChanges` of the dependencies at the call. */
  readonly localChanges: readonly number[];
}

/** How long an entry is kept, milliseconds. */
interface Lifetime {
  readonly freshMs: number;
  readonly graceMs: number;
}

/** The result of sending a value to Redis. */
interface PutOutcome {
  readonly receipt: WriteReceipt;
  /** False for a value that is too large: the slot in Redis is empty now. */
  readonly isStorable: boolean;
  /** Bytes of the encoded value; 0 if it was not stored in Redis. */
  readonly payloadBytes: number;
  readonly remoteStoredAtMs: number | undefined;
}

const WITHOUT_REDIS: PutOutcome = { receipt: APPLIED, isStorable: true, payloadBytes: 0, remoteStoredAtMs: undefined };

/**
 * Stores values. A `set` is an invalidation of its key too: whatever becomes of the new value, the old one goes, in both
 * tiers and on every instance.
 */
export class PutPath {
  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly invalidator: Invalidator,
  ) {}

  put(key: string, value: unknown, settings: CallSettings): Promise<WriteReceipt> {
    const { table, order } = this.parts;
    const memoryKey = this.namespace.memoryKey(key);
    const dependencies = [...this.namespace.generations, ...this.namespace.tags(settings.tags)];
    const startSequence = table.sequence;
    invalidateLocally(this.parts, memoryKey);
    const earlier = order.invalidationsOf(dependencies.map(({ id }) => id));
    const localChanges = dependencies.map((dependency) => dependency.localChanges);
    const calledAtMs = this.parts.clock.nowMs();
    const form = this.#storedForm(key, value, settings);
    return order.write([memoryKey], async () => {
      if (earlier !== undefined) await earlier;
      if (form instanceof UnstorableValueError) {
        await this.#remove(key);
        throw form;
      }
      if (form === undefined) return this.#remove(key);
      return this.#run({ key, value: form.value, settings, dependencies, startSequence, calledAtMs, localChanges });
    });
  }

  /** What the tiers keep of the value. One for memory only stays as it is. `undefined` for a value that is too large. */
  #storedForm(key: string, value: unknown, settings: CallSettings): StoredForm | UnstorableValueError | undefined {
    if (!settings.usesRedis) return { value };
    try {
      const form = this.parts.forms.of(value);
      if (form === undefined) this.#countUnstorable(key);
      return form;
    } catch (error) {
      if (!(error instanceof UnstorableValueError)) throw error;
      this.#countUnstorable(key, error.path);
      return error;
    }
  }

  #countUnstorable(key: string, path?: string): void {
    this.parts.counters.fillsRejected++;
    const event = { cache: this.namespace.name, key, reason: 'not-storable' } as const;
    this.parts.events.emit('fillRejected', path === undefined ? event : { ...event, path });
  }

  /** Removes the old value: the new one can't be stored. */
  #remove(key: string): Promise<WriteReceipt> {
    return this.invalidator.invalidateKeys([this.namespace.address(key)], 'hard');
  }

  async #run(put: PendingPut): Promise<WriteReceipt> {
    const { table, remote, fence } = this.parts;
    const { key, value, settings, dependencies, startSequence } = put;
    const address = this.namespace.address(key);
    if (remote?.tier.canRead() && settings.usesRedis) await this.#ensureVersions(remote, dependencies);
    // Invalidated since the call, so the value counts as written before the invalidation.
    if (dependencies.some(({ id }) => table.wasInvalidatedSince(id, startSequence)))
      return this.invalidator.invalidateKeys([address], 'hard');
    const lifetime = this.#lifetimeOf(put);
    const snapshot = table.snapshot(dependencies);
    const fenceMark = fence.mark();
    const outcome = remote === undefined ? WITHOUT_REDIS : await this.#send(remote, put, lifetime);
    // A write of another instance that came meanwhile has raised the fence: then the stored value is not this one.
    const isLatest = fence.isUnchanged(address.memoryKey, fenceMark);
    // Reads that began before the write landed may still bring the old value.
    invalidateLocally(this.parts, address.memoryKey);
    if (isLatest && settings.usesRedis && outcome.receipt === QUEUED) this.#keepForRedis(put, lifetime);
    if (!settings.usesMemory || !outcome.isStorable || !isLatest || table.check(snapshot) === 'invalidated')
      return outcome.receipt;
    this.parts.memory.put(address.memoryKey, {
      value,
      isAbsent: false,
      ...entryTimes(this.parts.clock.nowMs(), lifetime.freshMs, lifetime.graceMs),
      loadMs: 0,
      snapshot,
      payloadBytes: outcome.payloadBytes,
      remoteStoredAtMs: outcome.remoteStoredAtMs,
    });
    return outcome.receipt;
  }

  /** A value whose tag was expired since the call is stored as stale. */
  #lifetimeOf({ settings, dependencies, startSequence }: PendingPut): Lifetime {
    const freshMs = jittered(settings.ttlMs, settings.jitter);
    const isExpired = dependencies.some(({ id }) => this.parts.table.hasChangedSince(id, startSequence));
    return isExpired ? { freshMs: 0, graceMs: freshMs + settings.graceMs } : { freshMs, graceMs: settings.graceMs };
  }

  /**
   * A tag or generation whose version is new here may have changed after the call and before its version was fetched. The log
   * is read, so that such a change is known.
   */
  async #ensureVersions(remote: RemoteLevel, dependencies: readonly Dependency[]): Promise<void> {
    const before = dependencies.map(({ version }) => version);
    await remote.versions.hold(dependencies, WRITE_MS);
    if (dependencies.every(({ version }, i) => version !== undefined && version === before[i])) return;
    await this.parts.follower?.catchUp();
    await remote.versions.hold(dependencies, WRITE_MS);
  }

  /** Keeps a value that Redis did not acknowledge, to be sent when Redis is there. */
  #keepForRedis(
    { key, value, settings, calledAtMs, dependencies, localChanges }: PendingPut,
    lifetime: Lifetime,
  ): void {
    this.parts.queuedValues.add({
      address: this.namespace.address(key),
      value,
      sizeBytes: estimateSize(value),
      calledAtMs,
      ...lifetime,
      compressAboveBytes: settings.compressAboveBytes,
      dependencies,
      localChanges,
      versionsInHeader: () =>
        versionsInHeader(
          this.namespace,
          dependencies,
          dependencies.map(({ version }) => version),
        ),
    });
  }

  /** Puts the value into Redis, or removes the old one there if the new one is for memory only. */
  async #send(remote: RemoteLevel, put: PendingPut, lifetime: Lifetime): Promise<PutOutcome> {
    const { tier } = remote;
    const address = this.namespace.address(put.key);
    if (!put.settings.usesRedis)
      return { ...WITHOUT_REDIS, receipt: await this.invalidator.sendKeys([address], 'hard') };
    const versions = put.dependencies.map(({ version }) => version);
    const canSend = !versions.includes(undefined) && tier.canWrite() && (await tier.synchronise([address]));
    // The old value may still be there, and the new one may yet arrive: both are invalid until the outbox has been sent.
    const queued = (): PutOutcome => ({ ...WITHOUT_REDIS, receipt: this.invalidator.queueKeys([address]) });
    if (!canSend || !(await this.#isOutboxClear(put.dependencies))) return queued();
    const redisMs = tier.nowMs(address.partition);
    const header = {
      ...entryTimes(redisMs, lifetime.freshMs, lifetime.graceMs),
      loadMs: 0,
      isAbsent: false,
      ...versionsInHeader(this.namespace, put.dependencies, versions),
    };
    for (const dependency of put.dependencies) dependency.claim(put);
    const stored = storedVersions(put, put.dependencies, versions, header);
    const sentAtMs = this.parts.clock.nowMs();
    const written = await this.#putOrRemove(remote, address, header, put, stored);
    if (written === undefined) return queued();
    if (written.areVersionsKept) recordKept(put.dependencies, stored, sentAtMs);
    else recordLost(put.dependencies, stored);
    if (written.sizeBytes === undefined) return { ...WITHOUT_REDIS, isStorable: false };
    return { receipt: APPLIED, isStorable: true, payloadBytes: written.sizeBytes, remoteStoredAtMs: redisMs };
  }

  /** @throws TypeError for a value that can't be encoded, after the old value was removed. */
  async #putOrRemove(
    { tier }: RemoteLevel,
    address: SlotAddress,
    header: EnvelopeHeader,
    { value, settings }: PendingPut,
    versions: readonly StoredVersion[],
  ): Promise<PutAck | undefined> {
    try {
      return await tier.put(address, header, value, { compressAboveBytes: settings.compressAboveBytes, versions });
    } catch (error) {
      await this.invalidator.invalidateKeys([address], 'hard');
      throw error;
    }
  }

  /** An invalidation of a dependency that waits in the outbox would remove the value when it is sent, so it goes first. */
  async #isOutboxClear(dependencies: readonly Dependency[]): Promise<boolean> {
    const { outbox, sender } = this.parts;
    const waits = (): boolean => dependencies.some(({ id }) => outbox.modeOf(id) === 'hard');
    if (outbox.size === 0 || !waits()) return true;
    return (await sender!.send()) && !waits();
  }
}
