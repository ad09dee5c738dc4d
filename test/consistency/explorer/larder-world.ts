/** A value in the model: the version of the source it was loaded from, and its tag's version before the load. */
export interface CachedValue {
  value: number;
  tag: string;
}

/** An entry of the invalidation log, which is also its announcement. */
export interface LogEntry {
  id: number;
  previous: number;
  source: number;
  /** The tag's new version; absent when the key was deleted. */
  tag?: string;
  /** The write it is about; 0 for the entry that begins the log. */
  version: number;
}

/** One instance: its memory tier, the versions it knows, and how far it has followed the log. */
export interface Instance {
  memory?: { value: number; epoch: number };
  /** Raised by each invalidation of the key that is heard of here. */
  fence: number;
  /** Raised by each invalidation of the tag that is heard of here. */
  epoch: number;
  /** The tag's version, when known. */
  known?: string;
  position: number;
  inbox: LogEntry[];
  /** The reader whose load others may join. */
  flight?: number;
  /** The newest write whose invalidation was heard of here. */
  heard: number;
  /** The heartbeat rests, or a read ends the rest. */
  rest?: 'resting' | 'ending';
}

/** A read or a write under way; fields appear as it learns them. */
export interface Actor {
  instance: number;
  step: string;
  /** The oldest version that this read may return. */
  floor?: number;
  value?: number;
  /** The fence when the read began. */
  mark?: number;
  reply?: CachedValue;
  /** An entry that was found invalid: the lease script does not answer it again. */
  seen?: CachedValue;
  /** The tag's version as Redis told it (absent when it has none), and the epoch when it was asked. */
  fetched?: string;
  fetchEpoch?: number;
  holdEpoch?: number;
  /** The tag's version and epoch before the load. */
  captured?: string;
  captureEpoch?: number;
  token?: string;
  joined?: number;
  /** The log's end, as a read that ends a rest was told. */
  tail?: number;
  /** The answer of a read that is late and may still come: the entry that it carries, as Redis had it. */
  late?: CachedValue;
  /** The load was begun because Redis was late: a lease is asked for when it has ended. */
  isHedged?: boolean;
}

export type Fault =
  | 'evict slot'
  | 'lose tag'
  | 'lose log'
  | 'lose message'
  | 'expire lease'
  | 'restart'
  | 'rest'
  | 'late answer';

export interface World {
  database: number;
  slot?: CachedValue & { lease?: string };
  tag?: string;
  /** The tag's key lies in the partition of the slot, so that the fill looks at it. */
  isTagBeside: boolean;
  log: LogEntry[];
  lastId: number;
  instances: Instance[];
  actors: Actor[];
  acknowledged: number;
  staleRead?: string;
  /** How often each fault may still strike. */
  faults: Partial<Record<Fault, number>>;
}

/** Ways to get the protocol wrong, each of which some cache does. */
export type Mistake =
  | 'token per client instead of per fill'
  | 'delete leaves the lease'
  | 'tags captured after the load'
  | 'tag versions count up, missing is 0'
  | 'memory without fence'
  | 'announced before it is deleted'
  | 'no replay of missed messages'
  | 'a log that may be empty'
  | 'loads joined after an invalidation'
  | 'own memory voided only before sending'
  | 'a late answer without the fence of its read'
  | 'a late lease without the log'
  | 'a fill makes a lost version again'
  | 'a tag without a key is not announced'
  | 'memory served at rest'
  | 'rest ended before the log is read';

/** The effect on an instance that hears that the key is invalid. */
export function voidKey(instance: Instance): void {
  instance.fence++;
  instance.flight = undefined;
  instance.memory = undefined;
}

/** The effect on an instance that hears of the tag's new version, or that it has one (`undefined`). */
export function voidTag(instance: Instance, version: string | undefined): void {
  if (version !== undefined && instance.known === version) return;
  instance.epoch++;
  instance.known = version;
}

/** An instance that may have missed entries of the log, or has just started. Begins the log anew where there is none. */
export function flush(world: World, index: number, mayLogBeEmpty: boolean): void {
  const instance = world.instances[index] as Instance;
  voidKey(instance);
  voidTag(instance, undefined);
  instance.heard = world.acknowledged;
  if (world.log.length === 0 && !mayLogBeEmpty) append(world, { source: index, version: 0 });
  instance.position = tailOf(world);
}

/** Appends to the log and announces it to the others. */
export function append(world: World, body: Omit<LogEntry, 'id' | 'previous'>): void {
  const entry = { id: ++world.lastId, previous: tailOf(world), ...body };
  world.log.push(entry);
  world.instances.forEach((instance, index) => {
    if (index !== body.source) instance.inbox.push(entry);
  });
}

/** Reads the log up to an entry. Memory is emptied where the log does not hold the place that was reached. */
export function replay(world: World, index: number, upTo: number, mayLogBeEmpty: boolean): boolean {
  const here = world.instances[index] as Instance;
  if (here.position === upTo) return false;
  const missed = world.log.filter(({ id }) => id > here.position && id <= upTo);
  if (missed[0]?.previous !== here.position) {
    // An announcement may have overtaken the answer that named the end.
    if (here.position > upTo && world.log.some(({ id }) => id === here.position)) return false;
    flush(world, index, mayLogBeEmpty);
    return true;
  }
  for (const entry of missed) applyEntry(here, index, entry);
  here.position = upTo;
  return true;
}

export function applyEntry(instance: Instance, index: number, entry: LogEntry): void {
  // Its own invalidations it has applied before they were acknowledged.
  if (entry.source !== index && entry.version > 0) {
    if (entry.tag === undefined) voidKey(instance);
    else voidTag(instance, entry.tag);
  }
  instance.heard = Math.max(instance.heard, entry.version);
}

/** The log's end; 0 for an empty one. */
export function tailOf(world: World): number {
  return world.log.at(-1)?.id ?? 0;
}
