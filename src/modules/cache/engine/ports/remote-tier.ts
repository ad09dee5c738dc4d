import type { EnvelopeHeader, Slot } from '../../codec/envelope.types.js';
import type { LogId } from '../versions/log-id.js';
import type { Version } from '../versions/version.js';

/**
 * The tier every instance shares, as the engine needs it. Methods never reject: a tier that can't answer in time says
 * `undefined` (unavailable), and the engine goes on without it. One implementation talks to Redis
 * (`stores/redis/redis-tier.ts`); without Redis the engine has none.
 */
export interface RemoteTier {
  /**
   * Names of the entries of a namespace (a key, or the hash of one), in batches: those that are there from beginning to end at
   * least once. Ends early when the tier can't be read any more.
   */
  scan(path: string): AsyncIterable<readonly string[]>;

  /** Whether asking is worth it now. */
  canRead(): boolean;
  canWrite(): boolean;
  /** Whether an invalidation is worth trying: it also works while Redis is out of memory. */
  canInvalidate(): boolean;
  /** How long a caller whose value is loaded waits for it to be stored, milliseconds. */
  fillAckBudgetMs(): number;
  /**
   * Now in the tier's own time, ms since the epoch, as estimated from its last answers about this partition.
   *
   * @param localMs the monotonic now of this process's clock, if the caller has read it already.
   */
  nowMs(partition: number, localMs?: number): number;
  /** Makes the tier's own time known where these lie, if it is not: at the start. `false`: it could not be had. */
  synchronise(addresses: readonly SlotAddress[]): Promise<boolean>;

  /** Waits for `minTimeoutMs` at least. Default: as long as the measured latency suggests. */
  read(address: SlotAddress, listener: SlotListener, minTimeoutMs?: number): void;
  /**
   * Many at once; `onSlot` is told of each as it comes, by its place in `addresses`, before this resolves. Of those that are
   * `late` it is told again after that.
   */
  readMany(
    addresses: readonly SlotAddress[],
    onSlot: (index: number, slot: ReadSlot) => void,
    minTimeoutMs?: number,
  ): Promise<void>;

  /**
   * Takes a lease on each slot that has nothing to serve; see `scripts/lease.lua`. In the order of `requests`, `undefined`
   * where there was no answer in time.
   */
  lease(
    requests: readonly LeaseRequest[],
    mode: LeaseMode,
    leaseMs: number,
    minTimeoutMs?: number,
  ): Promise<readonly (LeaseReply | undefined)[]>;
  /** Writes where the lease is still held, and keeps the versions of what is written. In the order of `fills`. */
  fill(fills: readonly Fill[]): Promise<ReadonlyArray<FillOutcome>>;
  /** Gives leases back without a value, and wakes the readers that wait for them. */
  release(leases: readonly Lease[]): void;
  renew(leases: readonly Lease[], leaseMs: number): void;
  /** Resolves when the slot was filled, changed or released somewhere or the waiter is abandoned, at the latest after `maxMs`. */
  waitForChange(address: SlotAddress, maxMs: number, waiter: Waiter): Promise<void>;

  /** Writes unconditionally (after {@link synchronise}), unless Redis gets it later than the deadline. `too-large` leaves the slot empty. */
  put(address: SlotAddress, header: EnvelopeHeader, value: unknown, options: PutOptions): Promise<PutAck | undefined>;
  /** Removes slots, changes versions, appends to the log and announces. */
  invalidate(invalidation: Invalidation): Promise<InvalidationAck | undefined>;
  /** Tells other instances, if it can, which invalidations Redis has not taken. */
  announceTombstones(addresses: readonly SlotAddress[], dependencies: readonly string[]): void;
  /** Current versions; `undefined` in the list where there is none. Writes nothing. */
  versions(ids: readonly string[]): Promise<ReadonlyArray<Version | undefined> | undefined>;
  /**
   * As {@link versions}, but makes those that are missing, and keeps each for `holdMs` at least. `undefined` in the list where
   * there was no answer.
   */
  holdVersions(ids: readonly string[], holdMs: number): Promise<ReadonlyArray<HeldVersion | undefined>>;
  /** Removes versions that one load alone has used. Does nothing for others. */
  dropVersions(versions: ReadonlyArray<{ readonly id: string; readonly version: Version }>): void;
}

/** A version that the tier keeps for a time. */
export interface HeldVersion {
  readonly version: Version;
  /** From when it was asked for, milliseconds; `Infinity`: for ever. */
  readonly keptMs: number;
  /** Made on this request. */
  readonly isNew: boolean;
}

/** A version that an entry is stored under. The tier keeps it as long as the entry at least. */
export interface StoredVersion {
  /** Id of the tag or generation. */
  readonly id: string;
  readonly version: Version;
  /** Until when the tier keeps it as far as is known, monotonic milliseconds of this process's clock. */
  readonly keptUntilMs: number;
  /** How long the tier is to keep it from now on at least, milliseconds; `Infinity`: for ever. */
  readonly keepMs: number;
  /** The entry is the first to be stored under it: the tier keeps it for `keepMs`, not longer. */
  readonly isLone: boolean;
}

/** Options of an unconditional write. */
export interface PutOptions {
  readonly compressAboveBytes: number;
  readonly versions: readonly StoredVersion[];
}

/** Where an entry lives: its memory key (unique over all namespaces of one cache) and its name in Redis. */
export interface SlotAddress {
  readonly memoryKey: string;
  readonly slot: string;
  readonly partition: number;
}

/**
 * The answer to a read of a slot. `late`: none within the budget, and the listener is called once more when the answer comes,
 * or when it is not waited for any longer. `undefined`: there is none.
 */
export type ReadSlot = Slot | 'empty' | 'late' | undefined;

/** The waiter for a change. */
export interface Waiter {
  /** Calls the listener when the change is not waited for any longer; at once if that is so already. */
  onAbandoned(listener: () => void): void;
}

/** Called with the slot that was asked for, and a second time after `late`. Must not throw. */
export interface SlotListener {
  onSlot(slot: ReadSlot): void;
}

/**
 * - `load`: a slot with a fresh entry is answered with the entry, unless it is the one that was already seen, and is
 *   invalid or to be refreshed early.
 * - `steal`: takes the lease over from its holder.
 */
export type LeaseMode = 'load' | 'steal';

/** A request for a lease, with the token of this one fill. */
export interface LeaseRequest {
  readonly address: SlotAddress;
  /** 16 ASCII characters, random and new for every fill: a token that is reused lets an old fill pass (ABA). */
  readonly token: string;
  /** Stored-at of the entry that was seen and is not wanted, so that it is not answered again. */
  readonly seenStoredAtMs: number | undefined;
}

export type LeaseReply =
  | { readonly kind: 'granted' }
  | { readonly kind: 'held'; readonly leftMs: number }
  | { readonly kind: 'found'; readonly slot: Slot };

export interface Lease {
  readonly address: SlotAddress;
  readonly token: string;
}

/** A value for a leased slot. */
export interface Fill extends Lease {
  readonly header: EnvelopeHeader;
  readonly value: unknown;
  readonly compressAboveBytes: number;
  /** Of the dependencies in the header. */
  readonly versions: readonly StoredVersion[];
}

/**
 * - `rejected`: the lease was lost.
 * - `outdated`: a version was lost or replaced, and the lease is still held.
 */
export type FillOutcome =
  | { readonly kind: 'stored'; readonly sizeBytes: number }
  | { readonly kind: 'rejected' | 'outdated' | 'unavailable' | 'not-storable' };

/** An invalidation of keys, tags and generations, for every instance. */
export interface Invalidation {
  readonly addresses: readonly SlotAddress[];
  /** Ids of tags and generations. */
  readonly dependencies: readonly string[];
  /** `hard`: the entries become misses; `soft`: they become stale. */
  readonly mode: 'hard' | 'soft';
}

/** An invalidation that Redis acknowledged. */
export interface InvalidationAck {
  /** The versions the dependencies have now, with the log position that set them. */
  readonly versions: ReadonlyMap<string, { version: Version; at: LogId }>;
}

/** A value that Redis acknowledged. */
export interface PutAck {
  /** Bytes of the entry before compression; `undefined` when the value was too large: the slot is empty now. */
  readonly sizeBytes: number | undefined;
  /** False if a version was lost or replaced: the entry is invalid. */
  readonly areVersionsKept: boolean;
}
