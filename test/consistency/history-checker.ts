import { type InvalidationEvent, type ReadEvent } from './protocol.js';

/** A stretch of time in which something was broken on purpose, or (with `worker`) an event loop was held up. */
export interface Disturbance {
  readonly name: string;
  readonly startMs: number;
  /** `Infinity` while it lasts. */
  endMs: number;
  readonly worker?: number;
  /** Time that other instances may take to hear of an invalidation meanwhile, ms. */
  readonly boundMs?: number;
}

/** The promise of a cache, in ms after an acknowledgement. The instance that invalidated and strict reads have 0. */
export interface Bounds {
  /** Other instances: time that the bus may take. */
  readonly busMs: number;
  /** A fault's own bound holds until this long after its end. */
  readonly settleMs: number;
}

/** A read that returned a value which an acknowledged invalidation had made invalid. */
export interface Violation {
  readonly read: ReadEvent;
  readonly invalidation: InvalidationEvent;
  /** The version that the source had when the invalidation started. */
  readonly required: number;
  readonly kind: 'same instance' | 'strict' | 'other instance' | 'other instance, fault';
  /** How long after the promise was due, ms. */
  readonly lateMs: number;
}

interface Requirement {
  readonly version: number;
  readonly event: InvalidationEvent;
}

/** Requirements of one key are in order but for processes that were held up between reading the source and the call. */
const MAX_DISORDER_MS = 5_000;

/**
 * Checks histories against the promise: a read that starts after an invalidation of its key was acknowledged does not
 * return a version older than the one the source had when that invalidation started.
 *
 * Invalidations are kept over the whole run; reads are handed in a round at a time, when everything before their end
 * has been added.
 */
export class HistoryChecker {
  /** Reads that had an acknowledged invalidation before them. */
  checked = 0;
  /** Of those, the ones that started within a second of it. */
  raced = 0;
  /** Reads on other instances that were older than an acknowledged invalidation, within the bound. */
  staleWithinBound = 0;
  /** The oldest of those, ms after the acknowledgement (or the sending, of a queued one). */
  longestStaleMs = { quiet: 0, fault: 0 };
  readonly disturbances: Disturbance[] = [];
  private readonly requirements = new Map<number, Requirement[]>();
  private readonly drained = new Map<number, number[]>();

  constructor(private readonly bounds: Bounds) {}

  addInvalidation(event: InvalidationEvent): void {
    for (const [key, version] of event.required) {
      const known = this.requirements.get(key);
      if (known === undefined) this.requirements.set(key, [{ version, event }]);
      else known.push({ version, event });
    }
  }

  /** Everything `worker` had queued was sent. */
  addDrained(worker: number, atMs: number): void {
    const times = this.drained.get(worker);
    if (times === undefined) this.drained.set(worker, [atMs]);
    else times.push(atMs);
  }

  check(reads: readonly ReadEvent[]): Violation[] {
    for (const known of this.requirements.values()) known.sort((a, b) => a.event.startMs - b.event.startMs);
    return reads.flatMap((read) => this.checkOne(read) ?? []);
  }

  /** Invalidations of a key that were under way in a stretch of time. */
  invalidationsOf(key: number, fromMs: number, toMs: number): InvalidationEvent[] {
    return (this.requirements.get(key) ?? [])
      .map(({ event }) => event)
      .filter(({ startMs, ackMs }) => ackMs >= fromMs && startMs <= toMs);
  }

  private checkOne(read: ReadEvent): Violation | undefined {
    const known = this.requirements.get(read.key);
    if (known === undefined || known[0]!.event.startMs > read.startMs) return undefined;
    this.checked++;
    let worst: Violation | undefined;
    let isRaced = false;
    // Newest first: once requirements are that old and met, so are all before.
    for (let i = lastBefore(known, read.startMs); i >= 0; i--) {
      const { version, event } = known[i]!;
      if (!isRaced && read.startMs - event.ackMs < 1_000 && event.ackMs < read.startMs) isRaced = true;
      if (version <= read.version) {
        if (read.startMs - event.startMs > MAX_DISORDER_MS) break;
        continue;
      }
      const found = this.judge(read, version, event);
      if (found !== undefined && (worst === undefined || found.lateMs > worst.lateMs)) worst = found;
    }
    if (isRaced) this.raced++;
    return worst;
  }

  private judge(read: ReadEvent, required: number, event: InvalidationEvent): Violation | undefined {
    const isSame = event.worker === read.worker;
    const isStrict = read.operation.startsWith('strict');
    const effectiveMs = isSame || event.status === 'applied' ? event.ackMs : this.sentMs(event);
    if (!(read.startMs > effectiveMs)) return undefined;
    if (isSame || isStrict) {
      return {
        read,
        invalidation: event,
        required,
        kind: isSame ? 'same instance' : 'strict',
        lateMs: read.startMs - effectiveMs,
      };
    }
    const faultMs = this.faultBoundMs(effectiveMs, read.startMs);
    const isFault = faultMs > 0;
    const boundMs = Math.max(faultMs, this.bounds.busMs) + this.stalledMs(read.worker, effectiveMs, read.startMs);
    const ageMs = read.startMs - effectiveMs;
    if (ageMs <= boundMs) {
      this.staleWithinBound++;
      const phase = isFault ? 'fault' : 'quiet';
      this.longestStaleMs[phase] = Math.max(this.longestStaleMs[phase], ageMs);
      return undefined;
    }
    return {
      read,
      invalidation: event,
      required,
      kind: isFault ? 'other instance, fault' : 'other instance',
      lateMs: ageMs - boundMs,
    };
  }

  private sentMs({ worker, startMs, ackMs }: InvalidationEvent): number {
    const sent = this.drained.get(worker)?.find((atMs) => atMs >= startMs);
    return sent === undefined ? Infinity : Math.max(sent, ackMs);
  }

  /** The largest bound of the faults that were on, or not long over; 0 for none. */
  private faultBoundMs(fromMs: number, toMs: number): number {
    let boundMs = 0;
    for (const fault of this.disturbances) {
      const isNear = fault.startMs <= toMs && fault.endMs + this.bounds.settleMs >= fromMs;
      if (fault.boundMs !== undefined && isNear) boundMs = Math.max(boundMs, fault.boundMs);
    }
    return boundMs;
  }

  private stalledMs(reader: number, fromMs: number, toMs: number): number {
    return this.disturbances
      .filter(({ worker, startMs, endMs }) => worker === reader && startMs <= toMs && endMs >= fromMs)
      .reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  }
}

/** Index of the last requirement that started before `atMs`; they are in order of their start. */
function lastBefore(known: readonly Requirement[], atMs: number): number {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (known[middle]!.event.startMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
