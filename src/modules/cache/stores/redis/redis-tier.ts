import type { Clock } from '../../../../common/clock.js';
import type { RedisPool } from '../../../redis/core.js';
import { decodeSlot, encodeEntry } from '../../codec/envelope.js';
import type { CodecLimits, EnvelopeHeader, Slot } from '../../codec/envelope.types.js';
import { type LogBody, type LogEntry, WIRE_VERSION } from '../../engine/coherence/announcement.js';
import { isLogId, type LogId } from '../../engine/log-id.js';
import type {
  Applied,
  Fill,
  FillOutcome,
  HeldLease,
  Invalidation,
  LeaseAnswer,
  LeaseMode,
  LeaseRequest,
  RemoteTier,
  SlotAddress,
} from '../../engine/remote-tier.js';
import type { KeyLayout } from '../../engine/scope.js';
import { isVersion, newVersion, type Version } from '../../engine/version.js';
import { cacheScripts } from './cache-scripts.js';
import { byPartition } from './partitions.js';
import type { RedisClock } from './redis-clock.js';
import type { ScriptCaller } from './script-caller.js';
import { SlotReader } from './slot-reader.js';
import type { WakeUps } from './wake-ups.js';

/** Keys in one script call at most: a script holds up every other client while it runs. */
const MAX_SCRIPT_KEYS = 500;
/** A write's deadline comes this much before its caller gives up: Redis's time is known to within half a round trip. */
const DEADLINE_MARGIN_MS = 10;

/** What the tier is told once. */
export interface RedisTierOptions {
  readonly instanceId: string;
  readonly logLength: number;
  readonly maxValueBytes: number;
  /** Called for every log entry this instance wrote. */
  readonly onWrote: (partition: number, entry: LogEntry) => void;
}

/** Redis as the shared tier: the protocol's scripts, the batched reads, and nothing of what they are for. */
export class RedisTier implements RemoteTier {
  readonly #reader: SlotReader;
  readonly #limits: CodecLimits;

  constructor(
    private readonly pool: RedisPool,
    private readonly layout: KeyLayout,
    private readonly scripts: ScriptCaller,
    private readonly redisClock: RedisClock,
    private readonly wakeUps: WakeUps,
    private readonly options: RedisTierOptions,
    clock: Clock,
  ) {
    this.#reader = new SlotReader(pool, clock);
    this.#limits = { maxValueBytes: options.maxValueBytes, compressAboveBytes: Number.POSITIVE_INFINITY };
  }

  canRead(): boolean {
    return this.pool.monitor.canRead();
  }

  canWrite(): boolean {
    return this.pool.monitor.canWrite();
  }

  canInvalidate(): boolean {
    const { monitor } = this.pool;
    return monitor.canWrite() || (monitor.reason === 'OOM' && monitor.canRead());
  }

  patienceMs(): number {
    return this.scripts.budgetMs();
  }

  nowMs(): number {
    return this.redisClock.nowMs();
  }

  async read(address: SlotAddress, patienceMs?: number): Promise<Slot | 'empty' | undefined> {
    const bytes = await this.#reader.read(address, patienceMs);
    return bytes === undefined ? undefined : this.#decode(bytes);
  }

  async readMany(
    addresses: readonly SlotAddress[],
    patienceMs?: number,
  ): Promise<ReadonlyArray<Slot | 'empty'> | undefined> {
    const slots = await this.#reader.readMany(addresses, patienceMs);
    return slots?.map((bytes) => this.#decode(bytes));
  }

  async lease(
    requests: readonly LeaseRequest[],
    mode: LeaseMode,
    leaseMs: number,
    patienceMs?: number,
  ): Promise<readonly LeaseAnswer[] | undefined> {
    const answers = await this.#perSlot(requests, (group) =>
      this.scripts.call('write', patienceMs ?? 'budget', cacheScripts.lease, slotsOf(group), [
        mode,
        leaseMs,
        ...group.flatMap(({ token, seenStoredAtMs }) => [
          token,
          seenStoredAtMs === undefined ? '' : float64(seenStoredAtMs),
        ]),
      ]),
    );
    return answers.includes(undefined) ? undefined : answers.map((answer) => this.#toLeaseAnswer(answer));
  }

  async fill(fills: readonly Fill[]): Promise<readonly FillOutcome[]> {
    const encoded = fills.map((fill) => ({
      ...fill,
      bytes: this.#encodeIfPossible(fill),
    }));
    const unstorable = encoded.filter(({ bytes }) => bytes === undefined);
    if (unstorable.length > 0) this.release(unstorable);
    const sendable = encoded.filter(({ bytes }) => bytes !== undefined);
    const results = await this.#perSlot(sendable, (group) =>
      this.scripts.call('write', 'command', cacheScripts.fill, slotsOf(group), [
        this.layout.channel,
        ...group.flatMap(({ token, header, bytes, address }) => [
          token,
          ttlOf(header),
          bytes!,
          JSON.stringify(address.memoryKey),
        ]),
      ]),
    );
    const bySlot = new Map(
      sendable.map(({ address, bytes }, i) => [address.slot, { result: results[i], sizeBytes: bytes!.length }]),
    );
    return fills.map(({ address }): FillOutcome => {
      const sent = bySlot.get(address.slot);
      if (sent === undefined) return { kind: 'not-storable' };
      if (sent.result === undefined) return { kind: 'unavailable' };
      return sent.result === 1 ? { kind: 'stored', sizeBytes: sent.sizeBytes } : { kind: 'rejected' };
    });
  }

  release(leases: readonly HeldLease[]): void {
    void this.#perSlot(leases, async (group) => {
      const args = group.flatMap(({ token, address }) => [token, JSON.stringify(address.memoryKey)]);
      await this.scripts.call('write', 'budget', cacheScripts.release, slotsOf(group), [this.layout.channel, ...args]);
      return undefined;
    });
  }

  renew(leases: readonly HeldLease[], leaseMs: number): void {
    void this.#perSlot(leases, async (group) => {
      await this.scripts.call('write', 'budget', cacheScripts.renew, slotsOf(group), [
        leaseMs,
        ...group.map(({ token }) => token),
      ]);
      return undefined;
    });
  }

  waitForChange(address: SlotAddress, maxMs: number): Promise<void> {
    return this.wakeUps.wait(address.memoryKey, maxMs);
  }

  async put(
    address: SlotAddress,
    header: EnvelopeHeader,
    value: unknown,
    options: { compressAboveBytes: number },
  ): Promise<Applied | undefined> {
    const bytes = this.#encode(header, value, options.compressAboveBytes);
    const body: LogBody = { source: this.options.instanceId, keys: [address.memoryKey], versions: [], isReset: false };
    const { partition, slot } = address;
    const answer = await this.scripts.call(
      'write',
      'command',
      cacheScripts.put,
      [slot, this.layout.log(partition)],
      [
        Math.floor(this.redisClock.nowMs() + this.scripts.commandTimeoutMs - DEADLINE_MARGIN_MS),
        ttlOf(header),
        bytes ?? '',
        `${bodyStart(body)}}`,
        this.layout.channel,
        partition,
        this.options.logLength,
      ],
    );
    if (!this.#wrote(partition, answer, body)) return undefined;
    return { versions: new Map(), sizeBytes: bytes?.length ?? 0 };
  }

  async invalidate({ addresses, dependencies, mode, isReset = false }: Invalidation): Promise<Applied | undefined> {
    const wanted = [
      ...addresses.map((address) => ({ partition: address.partition, address, id: undefined })),
      ...dependencies.map((id) => ({ partition: this.layout.dependency(id).partition, address: undefined, id })),
    ];
    const versions = new Map<string, { version: Version; at: LogId }>();
    const parts = byPartition(wanted, ({ partition }) => partition, MAX_SCRIPT_KEYS).map(async ({ items }) => {
      const { partition } = items[0]!;
      const slots = items.flatMap(({ address }) => (address === undefined ? [] : [address]));
      const ids = items.flatMap(({ id }) => (id === undefined ? [] : [id]));
      const body: LogBody = {
        source: this.options.instanceId,
        keys: slots.map(({ memoryKey }) => memoryKey),
        versions: [],
        isReset,
      };
      const answer = await this.scripts.call(
        'write',
        'command',
        cacheScripts.invalidate,
        [
          this.layout.log(partition),
          ...slots.map(({ slot }) => slot),
          ...ids.map((id) => this.layout.dependency(id).key),
        ],
        [
          slots.length,
          mode,
          bodyStart(body),
          this.layout.channel,
          partition,
          this.options.logLength,
          ...ids.flatMap((id) => [JSON.stringify(id), newVersion()]),
        ],
      );
      const set = Array.isArray(answer) ? answer.slice(2).map(String) : [];
      if (!this.#wrote(partition, answer, { ...body, versions: ids.map((id, i) => [id, set[i]!] as const) }))
        return false;
      const at = String((answer as unknown[])[0]);
      ids.forEach((id, i) => versions.set(id, { version: set[i]!, at }));
      return true;
    });
    return (await Promise.all(parts)).every(Boolean) ? { versions, sizeBytes: 0 } : undefined;
  }

  advise(addresses: readonly SlotAddress[], dependencies: readonly string[]): void {
    const { channel } = this.layout;
    const data = {
      v: WIRE_VERSION,
      s: this.options.instanceId,
      a: addresses.map(({ memoryKey }) => memoryKey),
      d: dependencies,
    };
    try {
      // PUBLISH works where every write is refused; where nothing works, nobody reads old values from Redis either.
      this.pool
        .client('fast')
        .publish(channel, JSON.stringify({ pattern: channel, data }))
        .catch(() => undefined);
    } catch {
      return;
    }
  }

  async versions(ids: readonly string[]): Promise<ReadonlyArray<Version | undefined> | undefined> {
    const wanted = ids.map((id) => this.layout.dependency(id));
    const found: (Version | undefined)[] = new Array(ids.length).fill(undefined);
    const parts = byPartition(wanted, ({ partition }) => partition, MAX_SCRIPT_KEYS).map(async ({ items, indexes }) => {
      const answer = await this.scripts.call(
        'read',
        'budget',
        cacheScripts.versions,
        items.map(({ key }) => key),
        items.map(() => newVersion()),
      );
      if (!Array.isArray(answer)) return false;
      indexes.forEach((index, i) => {
        const version = answer[i] === null ? undefined : String(answer[i]);
        if (isVersion(version)) found[index] = version;
      });
      return true;
    });
    return (await Promise.all(parts)).every(Boolean) ? found : undefined;
  }

  /** One script call per partition; the answers in the order of `items`, `undefined` where a call failed. */
  async #perSlot<T extends { readonly address: SlotAddress }>(
    items: readonly T[],
    call: (group: readonly T[]) => Promise<unknown>,
  ): Promise<unknown[]> {
    const answers: unknown[] = new Array(items.length).fill(undefined);
    await Promise.all(
      byPartition(items, ({ address }) => address.partition, MAX_SCRIPT_KEYS).map(async ({ items: group, indexes }) => {
        const answer = await call(group);
        if (Array.isArray(answer)) indexes.forEach((index, i) => (answers[index] = answer[i]));
      }),
    );
    return answers;
  }

  #wrote(partition: number, answer: unknown, body: LogBody): boolean {
    if (!Array.isArray(answer)) return false;
    const [id, previous] = answer.map(String);
    if (!isLogId(id) || !isLogId(previous)) return false;
    this.options.onWrote(partition, { id, previous, body });
    return true;
  }

  /** What a loader brought is its caller's in any case, whether or not it can be stored. */
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

  #decode(bytes: Buffer | null): Slot | 'empty' {
    return bytes === null ? 'empty' : decodeSlot(bytes, this.#limits);
  }

  #toLeaseAnswer(answer: unknown): LeaseAnswer {
    if (Buffer.isBuffer(answer)) return { kind: 'found', slot: decodeSlot(answer, this.#limits) };
    return answer === -1 ? { kind: 'granted' } : { kind: 'held', leftMs: Number(answer) };
  }
}

function slotsOf(items: readonly { readonly address: SlotAddress }[]): string[] {
  return items.map(({ address }) => address.slot);
}

/** A log entry's body without its versions and closing brace: the script adds them. */
function bodyStart(body: LogBody): string {
  return JSON.stringify({ s: body.source, k: body.keys, ...(body.isReset ? { r: 1 } : {}) }).slice(0, -1);
}

/** ms Redis keeps the entry; 0 for ever. */
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
