import { RoundBatch } from '../../../../common/round-batch.js';
import type { RedisPool } from '../../../redis/library.js';
import { decodeSlot, encodeEntry, entrySizeBytes } from '../../codec/envelope.js';
import type { CodecLimits, EnvelopeHeader } from '../../codec/envelope.types.js';
import type {
  InvalidationAck,
  Fill,
  FillOutcome,
  Lease,
  Invalidation,
  LeaseReply,
  LeaseMode,
  LeaseRequest,
  ReadSlot,
  RemoteTier,
  SlotAddress,
  SlotListener,
  HeldVersion,
  PutAck,
  PutOptions,
  StoredVersion,
  Waiter,
} from '../../engine/ports/remote-tier.js';
import type { KeyLayout } from '../../engine/names/key-layout.js';
import type { Version } from '../../engine/versions/version.js';
import { cacheScripts } from './cache-scripts.js';
import { byPartition } from './partitions.js';
import type { RedisClock } from './redis-clock.js';
import type { RedisInvalidations } from './redis-invalidations.js';
import type { RedisLayout } from './redis-layout.js';
import type { RedisLog } from './redis-log.js';
import { distinct, type EntryVersions, keepArguments, type RedisVersions } from './redis-versions.js';
import type { ScriptCaller } from './script-caller.js';
import { SlotReader } from './slot-reader.js';
import { scanNames } from './slot-scan.js';
import type { TimedCommands } from './timed-commands.js';
import type { WakeUps } from './wake-ups.js';

/** A script that holds up other clients shortly, and whose answer shows that Redis works on a burst of them. */
const SLOT_SCRIPTS = { maxItems: 100, maxBytes: 256 * 1024 };

/** The parts a {@link RedisTier} works with. */
export interface RedisTierParts {
  readonly pool: RedisPool;
  readonly layout: KeyLayout;
  readonly scripts: ScriptCaller;
  readonly redisClock: RedisClock;
  readonly log: RedisLog;
  readonly agreement: RedisLayout;
  readonly invalidations: RedisInvalidations;
  readonly versions: RedisVersions;
  readonly wakeUps: WakeUps;
  readonly limits: Omit<CodecLimits, 'compressAboveBytes'>;
  readonly commands: TimedCommands;
}

/**
 * Redis as the shared tier: batched reads, leases and fills. Which entry is valid is the engine's decision. Entries carry
 * Redis's time, so the tier neither reads nor writes before that time is known.
 */
export class RedisTier implements RemoteTier {
  private readonly pool: RedisPool;
  private readonly layout: KeyLayout;
  private readonly scripts: ScriptCaller;
  private readonly redisClock: RedisClock;
  private readonly log: RedisLog;
  private readonly agreement: RedisLayout;
  private readonly invalidations: RedisInvalidations;
  private readonly wakeUps: WakeUps;
  readonly #reader: SlotReader;
  readonly #limits: CodecLimits;
  /** The fills of loads that end together become few scripts. */
  readonly #fills = new RoundBatch((fills: readonly EncodedFill[]) => this.#sendFills(fills));
  readonly #versions: RedisVersions;

  constructor(parts: RedisTierParts) {
    this.pool = parts.pool;
    this.layout = parts.layout;
    this.scripts = parts.scripts;
    this.redisClock = parts.redisClock;
    this.log = parts.log;
    this.agreement = parts.agreement;
    this.invalidations = parts.invalidations;
    this.wakeUps = parts.wakeUps;
    this.#limits = { ...parts.limits, compressAboveBytes: Number.POSITIVE_INFINITY };
    this.#reader = new SlotReader(parts.pool, this.#limits, parts.commands);
    this.#versions = parts.versions;
  }

  canRead(): boolean {
    return this.pool.monitor.canRead() && this.agreement.refusal === undefined;
  }

  canWrite(): boolean {
    return this.pool.monitor.canWrite() && this.agreement.refusal === undefined;
  }

  canInvalidate(): boolean {
    const { monitor } = this.pool;
    if (this.agreement.refusal !== undefined) return false;
    return monitor.canWrite() || (monitor.reason === 'OOM' && monitor.canRead());
  }

  fillAckBudgetMs(): number {
    return this.scripts.budgetMs();
  }

  nowMs(partition: number, localMs?: number): number {
    return this.redisClock.nowMs(partition, localMs);
  }

  async synchronise(addresses: readonly SlotAddress[]): Promise<boolean> {
    if (this.#isSynchronised) return true;
    if (!this.#isAllowed && !(await this.#agree())) return false;
    const partitions = [...new Set(addresses.map(({ partition }) => partition))];
    const told = await Promise.all(partitions.map((partition) => this.log.tellTime(partition)));
    return this.agreement.refusal === undefined && told.every(Boolean);
  }

  /** Whether Redis has told its time, and that its layout is this instance's. */
  get #isSynchronised(): boolean {
    return this.redisClock.isComplete && this.#isAllowed;
  }

  get #isAllowed(): boolean {
    return this.agreement.isKnown && this.agreement.refusal === undefined;
  }

  /** A refusal ends at a heartbeat; until then no call asks again. */
  async #agree(): Promise<boolean> {
    return this.agreement.refusal === undefined && this.agreement.agree();
  }

  read(address: SlotAddress, listener: SlotListener, minTimeoutMs?: number): void {
    if (this.#isSynchronised) this.#reader.read(address, listener, minTimeoutMs);
    else
      void this.synchronise([address]).then((isSynchronised) =>
        isSynchronised ? this.#reader.read(address, listener, minTimeoutMs) : listener.onSlot(undefined),
      );
  }

  async readMany(
    addresses: readonly SlotAddress[],
    onSlot: (index: number, slot: ReadSlot) => void,
    minTimeoutMs?: number,
  ): Promise<void> {
    if (this.#isSynchronised || (await this.synchronise(addresses)))
      await this.#reader.readMany(addresses, onSlot, minTimeoutMs);
    else addresses.forEach((_, i) => onSlot(i, undefined));
  }

  scan(path: string): AsyncIterable<readonly string[]> {
    return scanNames(this.pool, this.layout, path);
  }

  async lease(
    requests: readonly LeaseRequest[],
    mode: LeaseMode,
    leaseMs: number,
    minTimeoutMs?: number,
  ): Promise<readonly (LeaseReply | undefined)[]> {
    if (!this.#isSynchronised && !(await this.synchronise(requests.map(({ address }) => address))))
      return requests.map(() => undefined);
    const answers = await this.#perSlot(requests, (group) =>
      this.scripts.call('write', minTimeoutMs ?? 'budget', cacheScripts.lease, slotsOf(group), [
        mode,
        leaseMs,
        ...group.flatMap(({ token, seenStoredAtMs }) => [
          token,
          seenStoredAtMs === undefined ? '' : float64(seenStoredAtMs),
        ]),
      ]),
    );
    return answers.map((answer) => (answer === undefined ? undefined : this.#toLeaseAnswer(answer)));
  }

  async fill(fills: readonly Fill[]): Promise<readonly FillOutcome[]> {
    const sendable: EncodedFill[] = [];
    const unstorable: Fill[] = [];
    for (const fill of fills) {
      const bytes = this.#encodeIfPossible(fill);
      if (bytes !== undefined) sendable.push({ address: fill.address, fill, bytes });
      else unstorable.push(fill);
    }
    if (unstorable.length > 0) this.release(unstorable);
    const outcomes = new Map<string, FillOutcome>();
    for (const { address } of unstorable) outcomes.set(address.slot, { kind: 'not-storable' });
    this.#versions.keepElsewhere(sendable.map(({ fill }) => entryVersions(fill.address, fill.versions)));
    const results = sendable.length === 0 ? [] : await this.#fills.send(sendable);
    sendable.forEach(({ address, bytes }, i) => outcomes.set(address.slot, toFillOutcome(results[i], bytes)));
    return fills.map(({ address }) => outcomes.get(address.slot)!);
  }

  #sendFillGroup(group: readonly EncodedFill[]): Promise<unknown> {
    const kept = group.map(({ fill }) => this.#versions.keptWith(entryVersions(fill.address, fill.versions)));
    const versions = distinct(kept.flat());
    const places = new Map(versions.map(({ id }, i) => [id, i + 1]));
    const args = group.flatMap(({ fill: { token, header, address }, bytes }, i) => [
      token,
      ttlOf(header),
      bytes,
      JSON.stringify(address.memoryKey),
      kept[i]!.map(({ id }) => places.get(id)).join(' '),
    ]);
    return this.scripts.call(
      'write',
      'command',
      cacheScripts.fill,
      [...slotsOf(group), ...versions.map(({ id }) => this.layout.dependency(id).key)],
      [this.layout.channel, group.length, ...args, ...versions.flatMap(keepArguments)],
    );
  }

  release(leases: readonly Lease[]): void {
    void this.#perSlot(leases, async (group) => {
      const args = group.flatMap(({ token, address }) => [token, JSON.stringify(address.memoryKey)]);
      await this.scripts.call('write', 'budget', cacheScripts.release, slotsOf(group), [this.layout.channel, ...args]);
      return undefined;
    });
  }

  renew(leases: readonly Lease[], leaseMs: number): void {
    void this.#perSlot(leases, async (group) => {
      await this.scripts.call('write', 'budget', cacheScripts.renew, slotsOf(group), [
        leaseMs,
        ...group.map(({ token }) => token),
      ]);
      return undefined;
    });
  }

  waitForChange(address: SlotAddress, maxMs: number, waiter: Waiter): Promise<void> {
    return this.wakeUps.wait(address.memoryKey, maxMs, waiter);
  }

  async put(
    address: SlotAddress,
    header: EnvelopeHeader,
    value: unknown,
    { compressAboveBytes, versions }: PutOptions,
  ): Promise<PutAck | undefined> {
    const bytes = this.#encode(header, value, compressAboveBytes);
    const entry = entryVersions(address, versions);
    this.#versions.keepElsewhere([entry]);
    const written = await this.invalidations.put(address, ttlOf(header), bytes, this.#versions.keptWith(entry));
    if (written === undefined) return undefined;
    return { sizeBytes: bytes === undefined ? undefined : entrySizeBytes(bytes), ...written };
  }

  async invalidate(invalidation: Invalidation): Promise<InvalidationAck | undefined> {
    if (!this.#isAllowed && !(await this.#agree())) return undefined;
    return this.invalidations.invalidate(invalidation);
  }

  announceTombstones(addresses: readonly SlotAddress[], dependencies: readonly string[]): void {
    this.invalidations.announceTombstones(addresses, dependencies);
  }

  async versions(ids: readonly string[]): Promise<ReadonlyArray<Version | undefined> | undefined> {
    // Before that, the version of the root generation may still be deleted.
    if (!this.#isAllowed && !(await this.#agree())) return undefined;
    return this.#versions.read(ids);
  }

  async holdVersions(ids: readonly string[], holdMs: number): Promise<ReadonlyArray<HeldVersion | undefined>> {
    if (!this.#isAllowed && !(await this.#agree())) return ids.map(() => undefined);
    return this.#versions.hold(ids, holdMs);
  }

  dropVersions(versions: ReadonlyArray<{ readonly id: string; readonly version: Version }>): void {
    this.#versions.drop(versions);
  }

  #sendFills(fills: readonly EncodedFill[]): Promise<unknown[]> {
    return this.#perSlot(
      fills,
      (group) => this.#sendFillGroup(group),
      ({ bytes }) => bytes.length,
    );
  }

  /** Few script calls per partition; the answers in the order of `items`, `undefined` where a call failed. */
  async #perSlot<T extends { readonly address: SlotAddress }>(
    items: readonly T[],
    call: (group: readonly T[]) => Promise<unknown>,
    bytesOf?: (item: T) => number,
  ): Promise<unknown[]> {
    if (items.length === 1) {
      const answer = await call(items);
      return [Array.isArray(answer) ? answer[0] : undefined];
    }
    const answers: unknown[] = new Array(items.length).fill(undefined);
    await Promise.all(
      byPartition(items, ({ address }) => address.partition, { ...SLOT_SCRIPTS, bytesOf }).map(
        async ({ items: group, indexes }) => {
          const answer = await call(group);
          if (Array.isArray(answer)) indexes.forEach((index, i) => (answers[index] = answer[i]));
        },
      ),
    );
    return answers;
  }

  /** `undefined` for a value that can't be encoded: its caller gets the value in any case. */
  #encodeIfPossible({ header, value, compressAboveBytes }: Fill): Buffer | undefined {
    try {
      return this.#encode(header, value, compressAboveBytes);
    } catch {
      return undefined;
    }
  }

  #encode(header: EnvelopeHeader, value: unknown, compressAboveBytes: number): Buffer | undefined {
    return encodeEntry(
      header,
      value,
      compressAboveBytes === Number.POSITIVE_INFINITY ? this.#limits : { ...this.#limits, compressAboveBytes },
    );
  }

  #toLeaseAnswer(answer: unknown): LeaseReply {
    if (Buffer.isBuffer(answer)) return { kind: 'found', slot: decodeSlot(answer, this.#limits) };
    return answer === -1 ? { kind: 'granted' } : { kind: 'held', leftMs: Number(answer) };
  }
}

/** A fill with the bytes it is sent as. */
interface EncodedFill {
  readonly address: SlotAddress;
  readonly fill: Fill;
  readonly bytes: Buffer;
}

function toFillOutcome(result: unknown, bytes: Buffer): FillOutcome {
  if (result === undefined) return { kind: 'unavailable' };
  if (result === 2) return { kind: 'outdated' };
  return result === 1 ? { kind: 'stored', sizeBytes: entrySizeBytes(bytes) } : { kind: 'rejected' };
}

function entryVersions({ partition }: SlotAddress, versions: readonly StoredVersion[]): EntryVersions {
  return { partition, versions };
}

function slotsOf(items: readonly { readonly address: SlotAddress }[]): string[] {
  return items.map(({ address }) => address.slot);
}

/** Milliseconds that Redis keeps the entry; 0: for ever. */
function ttlOf(header: EnvelopeHeader): number {
  return header.staleUntilMs === Number.POSITIVE_INFINITY
    ? 0
    : Math.max(1, Math.ceil(header.staleUntilMs - header.storedAtMs));
}

function float64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
