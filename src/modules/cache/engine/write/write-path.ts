import type { EntryOptions, LoadManyOptions, WriteReceipt } from '../contract/cache.js';
import type { Core } from '../parts/engine-parts.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { CacheEvents } from '../contract/events.js';
import { splitVersions } from '../remote/entry-header.js';
import type { OutboxSender } from '../outage/outbox-sender.js';
import { jittered, type LoadSettings, settingsOf } from '../parts/call-settings.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { Invalidation, SlotAddress } from '../ports/remote-tier.js';
import type { Scope } from '../names/namespace.js';
import type { Version } from '../versions/version.js';
import { voidKey } from '../local/local-state.js';

type Operation = CacheEvents['write']['operation'];

const APPLIED: WriteReceipt = { status: 'applied' };
const QUEUED: WriteReceipt = { status: 'queued' };

/**
 * Writes and invalidations. Each holds here before it is sent and again when it is acknowledged, since a read may have
 * brought the old value back in between; what Redis does not acknowledge goes to the outbox.
 */
export class WritePath {
  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
    private readonly sender: OutboxSender | undefined,
  ) {}

  async set(key: string, value: unknown, options: EntryOptions | undefined): Promise<WriteReceipt> {
    const settings = settingsOf(this.scope, options as LoadManyOptions<never> | undefined);
    const { core, scope } = this;
    const memoryKey = scope.memoryKey(key);
    const tags = scope.tags(settings.tags);
    const startSequence = core.table.sequence;
    voidKey(core, memoryKey);
    const mark = core.fence.mark();
    return core.order.put(memoryKey, () => this.#put(key, value, settings, tags, startSequence, mark));
  }

  /** `startSequence` and the fence's `mark` are from the call. */
  async #put(
    key: string,
    value: unknown,
    settings: LoadSettings,
    tags: readonly Dependency[],
    startSequence: number,
    mark: number,
  ): Promise<WriteReceipt> {
    const { core, scope } = this;
    const memoryKey = scope.memoryKey(key);
    const dependencies = [...scope.generations, ...tags];
    const remote = settings.usesRedis ? core.remote : undefined;
    if (remote?.tier.canRead()) await this.#learn(remote, dependencies, tags);
    // Invalidated since the call, so older than the tag's version is now: as good as written before, and void.
    if (tags.some((tag) => core.table.hasChangedSince(tag.id, startSequence)))
      return this.#remove([scope.address(key)]);
    const capture = core.table.capture(dependencies);
    const versions = dependencies.map((dependency) => dependency.version);
    const freshMs = jittered(settings.ttlMs, settings.jitter);
    let receipt = APPLIED;
    let payloadBytes = 0;
    let isTooLarge = false;
    let remoteStoredAtMs: number | undefined;
    if (remote !== undefined) {
      const address = scope.address(key);
      const isTimeKnown = remote.tier.canWrite() && (await remote.tier.synchronise([address]));
      const nowMs = remote.tier.nowMs(address.partition);
      const header = {
        storedAtMs: nowMs,
        freshUntilMs: nowMs + freshMs,
        staleUntilMs: nowMs + freshMs + settings.graceMs,
        loadMs: 0,
        isAbsent: false,
        ...splitVersions(scope, dependencies, versions as Version[]),
      };
      const canSend = isTimeKnown && !versions.includes(undefined);
      const written = canSend ? await remote.tier.put(address, header, value, settings) : undefined;
      // The old value may still be there, and the new one may yet arrive: both are void until the outbox has said so.
      if (written === undefined) receipt = this.#queueKeys([address]);
      else if (written.sizeBytes === undefined) isTooLarge = true;
      else [payloadBytes, remoteStoredAtMs] = [written.sizeBytes, nowMs];
    }
    // A write of another instance that came meanwhile has raised the fence: what is stored is not this value then.
    const isLatest = core.fence.isUnchanged(memoryKey, mark);
    // Reads that began before the write landed may still bring the old value.
    voidKey(core, memoryKey);
    if (settings.usesMemory && !isTooLarge && isLatest && core.table.check(capture) !== 'invalidated') {
      const nowMs = core.clock.nowMs();
      core.memory.put(memoryKey, {
        value,
        isAbsent: false,
        storedAtMs: nowMs,
        freshUntilMs: nowMs + freshMs,
        staleUntilMs: nowMs + freshMs + settings.graceMs,
        loadMs: 0,
        capture,
        payloadBytes,
        remoteStoredAtMs,
      });
    }
    return this.#report('set', receipt, 1);
  }

  /** Versions of what the entry depends on. A tag seen for the first time may have changed unheard: the log is read. */
  async #learn(remote: RemoteLevel, dependencies: readonly Dependency[], tags: readonly Dependency[]): Promise<void> {
    const isNew = tags.some((tag) => tag.version === undefined);
    await remote.versions.know(dependencies);
    if (isNew) await this.core.follower?.catchUp();
  }

  async delete(keys: readonly string[]): Promise<WriteReceipt> {
    const addresses = [...new Set(keys)].map((key) => this.scope.address(key));
    for (const { memoryKey } of addresses) voidKey(this.core, memoryKey);
    await this.core.order.settled(addresses.map(({ memoryKey }) => memoryKey));
    return this.#remove(addresses);
  }

  async #remove(addresses: readonly SlotAddress[]): Promise<WriteReceipt> {
    const voidHere = (): void => {
      for (const { memoryKey } of addresses) voidKey(this.core, memoryKey);
    };
    voidHere();
    const isApplied = await this.#send({ addresses, dependencies: [], mode: 'hard' });
    voidHere();
    return this.#report('delete', isApplied ? APPLIED : this.#queueKeys(addresses), addresses.length);
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteReceipt> {
    return this.#report('invalidateTags', await this.#void(this.scope.tags([...new Set(tags)]), 'hard'), tags.length);
  }

  async expireTags(tags: readonly string[]): Promise<WriteReceipt> {
    return this.#report('expireTags', await this.#void(this.scope.tags([...new Set(tags)]), 'soft'), tags.length);
  }

  async clear(): Promise<WriteReceipt> {
    const receipt = await this.#void([this.scope.generation], 'hard');
    this.core.events.emit('memoryFlushed', { cache: this.scope.name, reason: 'clear' });
    return this.#report('clear', receipt, 1);
  }

  async #void(dependencies: readonly Dependency[], mode: 'hard' | 'soft'): Promise<WriteReceipt> {
    const voidHere = (): void => {
      for (const dependency of dependencies) {
        if (mode === 'hard') this.core.table.invalidate(dependency);
        else this.core.table.expire(dependency);
      }
    };
    voidHere();
    const ids = dependencies.map((dependency) => dependency.id);
    if (await this.#send({ addresses: [], dependencies: ids, mode })) return APPLIED;
    voidHere();
    this.sender!.queue([], ids, mode);
    return QUEUED;
  }

  /** Whether it holds everywhere: acknowledged by Redis, or there is no Redis. */
  async #send(invalidation: Invalidation): Promise<boolean> {
    const { remote, table } = this.core;
    if (remote === undefined || (invalidation.addresses.length === 0 && invalidation.dependencies.length === 0))
      return true;
    const applied = remote.tier.canInvalidate() ? await remote.tier.invalidate(invalidation) : undefined;
    if (applied === undefined) return false;
    for (const [id, { version, at }] of applied.versions) table.apply(id, version, at);
    return true;
  }

  #queueKeys(addresses: readonly SlotAddress[]): WriteReceipt {
    this.sender!.queue(addresses, [], 'hard');
    return QUEUED;
  }

  #report(operation: Operation, receipt: WriteReceipt, count: number): WriteReceipt {
    this.core.events.emit('write', { cache: this.scope.name, operation, status: receipt.status, count });
    return receipt;
  }
}
